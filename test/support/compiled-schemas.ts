// Schemas are compiled in tests as they are in the server (cli.ts): what a schema accepts, and what it says
// of the rest, is tested as it is served.
import "effect/schema/SchemaJITCompiler/enable"
