// The frame around every page: where one can go, whether the view is live, the product's time, and who is
// signed in. What a role may not read is not offered.
import {
  ActionIcon,
  Alert,
  AppShell,
  Badge,
  Burger,
  Group,
  Menu,
  Text,
  useComputedColorScheme,
  useMantineColorScheme
} from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import {
  IconActivityHeartbeat,
  IconBell,
  IconBolt,
  IconCash,
  IconFlag,
  IconHeadset,
  IconHistory,
  IconListDetails,
  IconMoon,
  IconSettings,
  IconSun,
  IconUserCircle,
  IconUsers,
  IconUsersGroup
} from "@tabler/icons-react"
import type { ReactNode } from "react"
import { ClockBar } from "./clock-bar.tsx"
import { useLive, useProductNow } from "./connection/live.ts"
import { mayDo, type Me, signOut } from "./connection/sign-in.ts"
import { timeOfDay } from "./format.ts"
import { language, speak, useText } from "./text/catalogue.ts"
import type { Texts } from "./text/english.ts"
import { go, to } from "./routes.ts"

interface Place {
  readonly place: string
  readonly name: keyof Texts["nav"]
  readonly needs: string
  readonly Icon: typeof IconBolt
}

const places: ReadonlyArray<Place> = [
  { place: "now", name: "now", needs: "dashboard", Icon: IconBolt },
  { place: "mitras", name: "mitras", needs: "mitras", Icon: IconHeadset },
  { place: "customers", name: "customers", needs: "sessions", Icon: IconUsers },
  { place: "sessions", name: "past", needs: "sessions", Icon: IconHistory },
  { place: "cases", name: "cases", needs: "cases", Icon: IconFlag },
  { place: "payments", name: "payments", needs: "payments", Icon: IconCash },
  { place: "push", name: "push", needs: "pushes", Icon: IconBell },
  { place: "settings", name: "settings", needs: "settings", Icon: IconSettings },
  { place: "staff", name: "staff", needs: "staff", Icon: IconUsersGroup },
  { place: "audit", name: "audit", needs: "audit", Icon: IconListDetails },
  { place: "health", name: "health", needs: "system", Icon: IconActivityHeartbeat }
]

const ProductTime = ({ zone }: { zone: string }) => {
  const now = useProductNow()
  return (
    <Text size="sm" c="dimmed" className="tabular" title={new Date(now).toISOString()} visibleFrom="sm">
      {timeOfDay(now, zone)} {zone}
    </Text>
  )
}

const LiveDot = () => {
  const { isLive } = useLive()
  const text = useText()
  return (
    <Badge
      variant={isLive ? "light" : "outline"}
      color={isLive ? "green" : "gray"}
      tt="none"
      role="status"
      {...(isLive ? {} : { c: "dimmed" })}
    >
      {isLive ? text.live : text.cut}
    </Badge>
  )
}

const Person = ({ me }: { me: Me }) => {
  const text = useText()
  const scheme = useComputedColorScheme("light")
  const { setColorScheme } = useMantineColorScheme()
  return (
    <Group gap={4} wrap="nowrap">
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={text.theme}
        onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
      >
        {scheme === "dark" ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={me.email}>
            <IconUserCircle size={20} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{me.email} · {me.role}</Menu.Label>
          <Menu.Item onClick={() => speak(language.get() === "en" ? "id" : "en")}>
            {text.language}: {language.get() === "en" ? "Bahasa Indonesia" : "English"}
          </Menu.Item>
          <Menu.Item onClick={() => go("account")}>{text.account.title}</Menu.Item>
          <Menu.Item onClick={signOut}>{text.sign_in.out}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}

const Places = ({ me, onGo, place }: { me: Me; place: string; onGo: () => void }) => {
  const text = useText()
  return (
    <nav aria-label={text.menu}>
      {places.filter(({ needs }) => mayDo(me, "read", needs)).map(({ Icon, name, place: there }) => (
        <a
          key={there}
          className="nav-link"
          href={there === "now" ? to() : to(there)}
          onClick={onGo}
          aria-current={there === place ? "page" : undefined}
        >
          <Icon size={18} stroke={1.7} aria-hidden="true" /> {text.nav[name]}
        </a>
      ))}
    </nav>
  )
}

/** What is true of everything on the page, above all of it. */
const Notices = ({ isLost }: { isLost: boolean }) => {
  const { isLive, sessions } = useLive()
  const text = useText()
  if (isLost) return <Alert color="red" variant="light" role="alert" mb="md" title={text.reconnecting} />
  if (isLive || sessions === null) return null
  return <Alert color="yellow" variant="light" role="alert" mb="md" title={text.not_live} />
}

export const Shell = ({ children, isLost, me, place }: {
  me: Me
  isLost: boolean
  place: string
  children: ReactNode
}) => {
  const [isOpen, menu] = useDisclosure(false)
  const text = useText()
  return (
    <AppShell
      header={{ height: 52 }}
      padding="md"
      navbar={{ width: 190, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
    >
      <AppShell.Header bg="var(--surface)">
        <a
          className="skip"
          href="#main"
          onClick={(event) => {
            event.preventDefault()
            document.getElementById("main")?.focus()
          }}
        >
          {text.skip}
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={text.menu} />
            <img src="./icon.svg" alt="" width={26} height={26} />
            <Text fw={650} visibleFrom="sm">{text.brand}</Text>
            <LiveDot />
          </Group>
          <Group gap="sm" wrap="nowrap">
            <ProductTime zone={me.time_zone} />
            <Person me={me} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" bg="var(--surface)">
        <Places me={me} place={place} onGo={menu.close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        {me.is_clock_held || me.takes_faults ? <ClockBar me={me} /> : null}
        <Notices isLost={isLost} />
        {children}
      </AppShell.Main>
    </AppShell>
  )
}
