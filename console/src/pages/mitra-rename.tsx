// Renaming a mitra, from the name that was seen: when a colleague was first, both names are shown, and
// nothing typed is lost.
import { Button, Group, Modal, Stack, Text } from "@mantine/core"
import { useState } from "react"
import { call } from "../connection/sign-in.ts"
import { useDraft } from "../connection/use-draft.ts"
import { Difference } from "../parts/difference.tsx"
import { Failed } from "../parts/page.tsx"
import { useText } from "../text/catalogue.ts"
import { MitraFields } from "./mitra-fields.tsx"

interface Options {
  readonly mitraId: string
  readonly name: string
  readonly onDone: () => void
}

const Dialog = ({ mitraId: mitra_id, name, onClose, onDone }: Options & { onClose: () => void }) => {
  const text = useText()
  const draft = useDraft<string>(name, {
    read: async () => (await call("admin.inspect_mitra", { mitra_id })).display_name,
    write: async (display_name, seen) =>
      (await call("admin.mitra_rename", { mitra_id, display_name, seen })).display_name,
    onSaved: () => {
      onDone()
      onClose()
    }
  })
  return (
    <Stack gap="sm">
      <Text size="sm">{text.mitra.rename_what}</Text>
      <MitraFields name={draft.mine} onName={draft.type} />
      <Failed problem={draft.problem} />
      <Difference
        draft={draft}
        fieldsOf={(value) => ({ [text.column.name]: value })}
        targetId={mitra_id}
        action="mitra.rename"
      />
      {draft.theirs === null
        ? (
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{text.cancel}</Button>
            <Button loading={draft.isBusy} disabled={draft.mine.trim() === ""} onClick={draft.save}>
              {text.mitra.rename}
            </Button>
          </Group>
        )
        : null}
    </Stack>
  )
}

export const Rename = (options: Options) => {
  const [isOpen, setOpen] = useState(false)
  const text = useText()
  const close = () => setOpen(false)
  return (
    <>
      <Button variant="light" onClick={() => setOpen(true)}>{text.mitra.rename}</Button>
      <Modal
        opened={isOpen}
        onClose={close}
        title={text.mitra.rename}
        centered
        closeButtonProps={{ "aria-label": text.close }}
      >
        {isOpen ? <Dialog {...options} onClose={close} /> : null}
      </Modal>
    </>
  )
}
