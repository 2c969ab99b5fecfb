// What a mitra account is made of: the name customers see, and the phone she signs in with.
import { TextInput } from "@mantine/core"
import { useText } from "../text/catalogue.ts"

export const MitraFields = ({ name, onName, onPhone, phone }: {
  name: string
  onName: (name: string) => void
  phone?: string
  onPhone?: (phone: string) => void
}) => {
  const text = useText()
  return (
    <>
      <TextInput
        label={text.mitra.name}
        value={name}
        maxLength={40}
        required
        onChange={(event) => onName(event.currentTarget.value)}
      />
      {phone === undefined ?
        null :
        (
          <TextInput
            label={text.mitra.phone}
            value={phone}
            maxLength={20}
            required
            inputMode="tel"
            onChange={(event) => onPhone?.(event.currentTarget.value)}
          />
        )}
    </>
  )
}
