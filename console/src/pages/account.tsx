// One's own account: another password, and the second factor with its recovery codes, which are shown once.
import { Anchor, Button, Code, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core"
import { useState } from "react"
import { encode } from "uqr"
import { call } from "../connection/sign-in.ts"
import { useAction, useCall } from "../connection/use-call.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Failed, Page, Waiting } from "../parts/page.tsx"
import { useText } from "../text/catalogue.ts"

const ChangePassword = () => {
  const text = useText()
  const [current, setCurrent] = useState("")
  const [next, setNext] = useState("")
  return (
    <Confirm
      label={text.account.password_change}
      what={text.account.password_what}
      isReady={current !== "" && next.length >= 12}
      onOpen={() => {
        setCurrent("")
        setNext("")
      }}
      run={() => call("admin.password_change", { current_password: current, new_password: next })}
    >
      <PasswordInput
        label={text.account.current}
        autoComplete="current-password"
        value={current}
        visibilityToggleButtonProps={{ "aria-label": text.show }}
        onChange={(event) => setCurrent(event.currentTarget.value)}
      />
      <PasswordInput
        label={text.account.next}
        description={text.account.next_hint}
        autoComplete="new-password"
        value={next}
        visibilityToggleButtonProps={{ "aria-label": text.show }}
        onChange={(event) => setNext(event.currentTarget.value)}
      />
    </Confirm>
  )
}

/** One path for all dark squares: a picture without a file, as the page's policy wants it. */
const Picture = ({ label, uri }: { label: string; uri: string }) => {
  const { data, size } = encode(uri, { border: 3 })
  const path = data.flatMap((row, y) => row.map((isDark, x) => isDark ? `M${x} ${y}h1v1h-1z` : "")).join("")
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} width={220} height={220}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  )
}

interface Begun {
  readonly secret: string
  readonly uri: string
}

const TurnOn = ({ begun, onCodes }: { begun: Begun; onCodes: (codes: ReadonlyArray<string>) => void }) => {
  const text = useText()
  const [code, setCode] = useState("")
  const { isBusy, press, problem } = useAction(
    () => call("admin.second_factor_confirm", { code: code.trim() }),
    ({ recovery_codes }) => onCodes(recovery_codes)
  )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void press()
      }}
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{text.account.turn_on_what}</Text>
        <Picture label={text.account.picture} uri={begun.uri} />
        <Text size="sm">
          {text.account.secret}:{" "}
          <Anchor href={begun.uri}>{begun.secret.replace(/(.{4})(?=.)/g, "$1 ")}</Anchor>
        </Text>
        <TextInput
          label={text.account.code}
          autoComplete="one-time-code"
          required
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Failed problem={problem} />
        <Button type="submit" loading={isBusy}>{text.account.go_on}</Button>
      </Stack>
    </form>
  )
}

const RecoveryCodes = ({ codes, onKept }: { codes: ReadonlyArray<string>; onKept: () => void }) => {
  const text = useText()
  return (
    <Stack gap="sm" align="flex-start">
      <Text fw={600}>{text.account.recovery}</Text>
      <Text size="sm">{text.account.recovery_what}</Text>
      <Code block>{codes.join("\n")}</Code>
      <Button onClick={onKept}>{text.account.kept}</Button>
    </Stack>
  )
}

const SecondFactor = () => {
  const text = useText()
  const { data, problem, reload } = useCall("admin.second_factor", {})
  const [begun, setBegun] = useState<Begun | null>(null)
  const [codes, setCodes] = useState<ReadonlyArray<string> | null>(null)
  const begin = useAction(() => call("admin.second_factor_begin", {}), setBegun)
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  if (codes !== null) {
    return (
      <RecoveryCodes
        codes={codes}
        onKept={() => {
          setCodes(null)
          setBegun(null)
          reload()
        }}
      />
    )
  }
  if (begun !== null) return <TurnOn begun={begun} onCodes={setCodes} />
  return (
    <Stack gap="sm" align="flex-start">
      <Text size="sm">
        {data.is_on ? `${text.account.is_on} ${data.recovery_codes_left}` : text.account.is_off}
      </Text>
      <Failed problem={begin.problem} />
      {data.is_on
        ? (
          <Confirm
            label={text.account.turn_off}
            what={text.account.turn_off_what}
            colour="red"
            onDone={reload}
            run={() => call("admin.second_factor_off", {})}
          />
        )
        : <Button loading={begin.isBusy} onClick={() => void begin.press()}>{text.account.turn_on}</Button>}
    </Stack>
  )
}

const AccountPage = () => {
  const text = useText()
  return (
    <Page title={text.account.title} lead={text.account.lead}>
      <Card title={text.account.second}>
        <SecondFactor />
      </Card>
      <Card title={text.account.password}>
        <Group>
          <ChangePassword />
        </Group>
      </Card>
    </Page>
  )
}

export default AccountPage
