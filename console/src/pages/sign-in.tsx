// Signing in: email and password, a code where a second factor is on, and plain words when the account is
// locked.
import { Button, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core"
import { useState } from "react"
import { signIn, signOut, standing } from "../connection/sign-in.ts"
import { useStore } from "../connection/store.ts"
import { useAction } from "../connection/use-call.ts"
import { lengthOf } from "../format.ts"
import { Failed } from "../parts/page.tsx"
import { Problem } from "../connection/line.ts"
import { useText } from "../text/catalogue.ts"

/** A lock is told with the time it lasts. */
const useTold = (problem: Problem | null): Problem | null => {
  const text = useText()
  if (problem?.code !== "ACCOUNT_LOCKED") return problem
  const seconds = Number(problem.details["retry_after_seconds"] ?? 0)
  const told = `${text.sign_in.locked} ${text.sign_in.locked_for} ${lengthOf(seconds * 1000)}.`
  return new Problem(problem.code, told)
}

export const SignInForm = ({ email, lead }: { email: string; lead: string }) => {
  const text = useText()
  const [name, setName] = useState(email)
  const [password, setPassword] = useState("")
  const [code, setCode] = useState("")
  const [isCodeAsked, setCodeAsked] = useState(false)
  const { phase } = useStore(standing)
  const { isBusy, press, problem } = useAction(
    async (given: string, secret: string, second: string | null) => {
      try {
        await signIn(given, secret, second)
      } catch (error) {
        // Not a failure: the password was right, the code is missing.
        if (!(error instanceof Problem) || error.code !== "SECOND_FACTOR_REQUIRED") throw error
        setCodeAsked(true)
      }
    }
  )
  const told = useTold(problem)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void press(name.trim(), password, isCodeAsked ? code.trim() : null)
      }}
    >
      <Stack gap="sm">
        <Text c="dimmed" size="sm">{lead}</Text>
        <TextInput
          label={text.sign_in.email}
          type="email"
          required
          autoComplete="username"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label={text.sign_in.password}
          required
          autoComplete="current-password"
          value={password}
          visibilityToggleButtonProps={{ "aria-label": text.show }}
          onChange={(event) => setPassword(event.currentTarget.value)}
          data-autofocus
        />
        {isCodeAsked
          ? (
            <TextInput
              label={text.account.code}
              description={text.account.code_hint}
              required
              autoComplete="one-time-code"
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
          )
          : null}
        <Failed problem={told} />
        <Button type="submit" loading={isBusy} fullWidth>{text.sign_in.go}</Button>
        {phase === "ask_again"
          ? <Button variant="subtle" color="gray" onClick={signOut}>{text.sign_in.out}</Button>
          : null}
      </Stack>
    </form>
  )
}

export const SignInPage = () => {
  const text = useText()
  return (
    <main style={{ minHeight: "100dvh", display: "grid", placeItems: "center", padding: 16 }}>
      <div className="card" style={{ width: "min(400px, 100%)", padding: 28 }}>
        <Stack gap="xs" mb="md" align="center">
          <img src="./icon.svg" alt="" width={44} height={44} />
          <Title order={1}>{text.brand}</Title>
        </Stack>
        <SignInForm email="" lead={text.sign_in.lead} />
      </div>
    </main>
  )
}
