// The console's colours and the library's settings: one accent, light badges whose text is dark enough to be
// read and filled buttons that are dark enough for white, in both schemes.
import { createTheme, defaultVariantColorsResolver, type VariantColorsResolver } from "@mantine/core"

const readable: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input)
  const { color } = input
  const isOwn = color !== undefined && /^[a-z]+$/.test(color)
  if (isOwn && input.variant === "filled" && color !== "violet") {
    const dark = (percent: number) => `color-mix(in srgb, var(--mantine-color-${color}-9) ${percent}%, black)`
    return { ...colors, color: "white", background: dark(85), hover: dark(70) }
  }
  if (!isOwn || (input.variant !== "light" && input.variant !== "subtle")) return colors
  return {
    ...colors,
    color: `light-dark(color-mix(in srgb, var(--mantine-color-${color}-9) 65%, black),
      var(--mantine-color-${color}-2))`
  }
}

export const theme = createTheme({
  primaryColor: "violet",
  primaryShade: { light: 7, dark: 8 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  // A banner is the page's, not a dialog's.
  components: { ModalHeader: { defaultProps: { role: "none" } } },
  variantColorResolver: readable,
  fontFamily: "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.05rem" } } }
})
