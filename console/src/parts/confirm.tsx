// A dialog before something that somebody will notice: it says what will happen, may ask for a reason, and
// keeps what was typed when the server refuses or cannot be reached.
import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core"
import { type ReactNode, useState } from "react"
import { useAction } from "../connection/use-call.ts"
import { useText } from "../text/catalogue.ts"
import { Failed } from "./page.tsx"

interface Options {
  /** What the button says, and the dialog is called. */
  readonly label: string
  /** What will happen, and who will notice. */
  readonly what: ReactNode
  readonly run: (reason: string) => Promise<unknown>
  readonly onDone?: () => void
  readonly isReasonAsked?: boolean
  readonly colour?: string
  readonly isReady?: boolean
  readonly size?: "xs" | "sm"
  readonly children?: ReactNode
  readonly onOpen?: () => void
}

const Dialog = ({ onClose, options }: { options: Options; onClose: () => void }) => {
  const text = useText()
  const { colour = "violet", isReasonAsked = false, isReady = true, label, onDone, run, what } = options
  const [reason, setReason] = useState("")
  const { isBusy, press, problem } = useAction(run, () => {
    onClose()
    onDone?.()
  })
  const isGiven = !isReasonAsked || reason.trim() !== ""
  return (
    <Stack gap="sm">
      <Text size="sm" component="div">{what}</Text>
      {options.children}
      {isReasonAsked
        ? (
          <Textarea
            label={text.reason}
            value={reason}
            maxLength={200}
            autosize
            minRows={2}
            required
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )
        : null}
      <Failed problem={problem} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>{text.cancel}</Button>
        <Button
          color={colour}
          loading={isBusy}
          disabled={!isReady || !isGiven}
          onClick={() => void press(reason.trim())}
        >
          {label}
        </Button>
      </Group>
    </Stack>
  )
}

export const Confirm = (options: Options) => {
  const [isOpen, setOpen] = useState(false)
  const text = useText()
  const { colour = "violet", label, size = "sm" } = options
  return (
    <>
      <Button
        variant="light"
        color={colour}
        size={size}
        onClick={() => {
          options.onOpen?.()
          setOpen(true)
        }}
      >
        {label}
      </Button>
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        title={label}
        centered
        closeButtonProps={{ "aria-label": text.close }}
      >
        {isOpen ? <Dialog options={options} onClose={() => setOpen(false)} /> : null}
      </Modal>
    </>
  )
}
