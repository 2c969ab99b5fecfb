// The dialog that asks once more who is there, before a call that moves money, chats or rights. It stands
// over whatever dialog asked for the call, which goes on when it is answered.
import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core"
import { useState } from "react"
import { type Asked, asked, stepUp } from "../connection/step-up.ts"
import { useStore } from "../connection/store.ts"
import { useAction } from "../connection/use-call.ts"
import { useText } from "../text/catalogue.ts"
import { Failed } from "./page.tsx"

const Form = ({ question }: { question: Asked }) => {
  const text = useText()
  const [password, setPassword] = useState("")
  const [code, setCode] = useState("")
  const { isBusy, press, problem } = useAction(stepUp)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void press(code.trim() === "" ? { password, code: null } : { password: null, code: code.trim() })
      }}
    >
      <Stack gap="sm">
        <Text size="sm">{text.account.once_more_lead}</Text>
        <PasswordInput
          label={text.sign_in.password}
          autoComplete="current-password"
          value={password}
          visibilityToggleButtonProps={{ "aria-label": text.show }}
          onChange={(event) => setPassword(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={text.account.or_code}
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Failed problem={problem} />
        <Group justify="flex-end">
          <Button variant="default" onClick={question.giveUp}>{text.cancel}</Button>
          <Button type="submit" loading={isBusy} disabled={password === "" && code.trim() === ""}>
            {text.account.go_on}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

export const StepUpDialog = () => {
  const question = useStore(asked)
  const text = useText()
  return (
    <Modal
      opened={question !== null}
      zIndex={900}
      onClose={() => question?.giveUp()}
      title={text.account.once_more}
      centered
      closeButtonProps={{ "aria-label": text.close }}
    >
      {question === null ? null : <Form question={question} />}
    </Modal>
  )
}
