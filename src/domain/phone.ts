// Phones: E.164 and nothing else, so that one phone has one spelling.

export const isPhone = (text: string): boolean => /^\+[1-9][0-9]{6,14}$/.test(text)
