// The wire version. Adding an optional field or a new event type keeps it; anything an old app would
// misread raises it.
export const wireVersion = 1
