// What a UUID looks like. Ids come from outside, too: what is none must never reach a uuid column.
export const uuidPattern = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

const uuid = new RegExp(`^${uuidPattern}$`, "i")

export const isUuid = (text: string): boolean => uuid.test(text)
