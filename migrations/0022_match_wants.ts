// What a mitra may be asked for, and the language a customer asks for. A server of the version before writes
// none of these columns, asks for no language, and goes on as it did.
import { runStatements } from "./run-statements.ts"

export default runStatements([
  `ALTER TABLE mitras
    ADD COLUMN languages text[] NOT NULL DEFAULT '{id}',
    ADD COLUMN topics text[] NOT NULL DEFAULT '{regular,sensitive}',
    ADD CONSTRAINT mitras_languages_check CHECK (cardinality(languages) BETWEEN 1 AND 32),
    ADD CONSTRAINT mitras_topics_check
      CHECK (cardinality(topics) > 0 AND topics <@ '{regular,sensitive}'::text[])`,
  `ALTER TABLE payment_requests ADD COLUMN language text`,
  `ALTER TABLE chat_sessions ADD COLUMN language text`
])
