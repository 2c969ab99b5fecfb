// The texts about one's own account in English: the second factor, the password, and being asked once more.
// The Indonesian ones are beside this file and have the same shape.

export const accountEnglish = {
  title: "My account",
  lead: "How you are known here.",
  code: "Code of your authenticator app",
  code_hint: "Six digits, or one of your recovery codes.",
  once_more: "Is it you?",
  once_more_lead: "This moves money, chats or rights. Give your password, or a code of your app, once more.",
  or_code: "Or a code",
  go_on: "Go on",
  password: "Password",
  password_change: "Change password",
  password_what: "You are signed out everywhere, here too, and sign in with the new one.",
  current: "Current password",
  next: "New password",
  next_hint: "At least 12 characters.",
  second: "Second factor",
  is_off: "Off. Whoever knows your password can sign in.",
  is_on: "On. Recovery codes left:",
  turn_on: "Turn on",
  turn_on_what: "Scan this with an authenticator app, or type the secret, then give the code it shows.",
  picture: "The secret as a picture to scan",
  secret: "Secret",
  turn_off: "Turn off",
  turn_off_what: "From then on your password alone is enough.",
  recovery: "Recovery codes",
  recovery_what: "Each signs you in once when your phone is gone. They are shown only now: keep them apart.",
  kept: "I have kept them",
  reset: "Reset second factor",
  reset_what:
    "For a colleague who lost the phone: their password alone is enough until they turn it on again."
}
