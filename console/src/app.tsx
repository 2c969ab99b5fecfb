// The whole console: nobody is shown anything but the sign-in; who has signed in gets the page of the
// address, and the dialog that asks the password again when the sign-in has run out.
import { Modal } from "@mantine/core"
import { Component, lazy, type ReactNode, Suspense } from "react"
import { Problem } from "./connection/line.ts"
import { standing } from "./connection/sign-in.ts"
import { useStore } from "./connection/store.ts"
import { NowPage } from "./pages/now.tsx"
import { SignInForm, SignInPage } from "./pages/sign-in.tsx"
import { Failed, Waiting } from "./parts/page.tsx"
import { StepUpDialog } from "./parts/step-up.tsx"
import { useRoute } from "./routes.ts"
import { Shell } from "./shell.tsx"
import { useText } from "./text/catalogue.ts"

const SessionPage = lazy(() => import("./pages/session/session.tsx"))
const MitrasPage = lazy(() => import("./pages/mitras.tsx"))
const MitraPage = lazy(() => import("./pages/mitra.tsx"))
const CustomersPage = lazy(() => import("./pages/customers.tsx"))
const PastPage = lazy(() => import("./pages/past.tsx"))
const CasesPage = lazy(() => import("./pages/cases.tsx"))
const PaymentsPage = lazy(() => import("./pages/payments/payments.tsx"))
const PushPage = lazy(() => import("./pages/push.tsx"))
const SettingsPage = lazy(() => import("./pages/settings.tsx"))
const StaffPage = lazy(() => import("./pages/staff.tsx"))
const AuditPage = lazy(() => import("./pages/audit.tsx"))
const AccountPage = lazy(() => import("./pages/account.tsx"))
const HealthPage = lazy(() => import("./pages/health.tsx"))

const pageOf = ([place, id]: ReadonlyArray<string>): ReactNode => {
  switch (place) {
    case undefined:
      return <NowPage />
    case "sessions":
      return id === undefined ? <PastPage /> : <SessionPage key={id} id={id} />
    case "mitras":
      return id === undefined ? <MitrasPage /> : <MitraPage key={id} id={id} />
    case "customers":
      return <CustomersPage key={id ?? ""} id={id ?? null} />
    case "cases":
      return <CasesPage id={id ?? null} />
    case "payments":
      return <PaymentsPage />
    case "push":
      return <PushPage />
    case "settings":
      return <SettingsPage />
    case "staff":
      return <StaffPage />
    case "audit":
      return <AuditPage />
    case "account":
      return <AccountPage />
    case "health":
      return <HealthPage />
    default:
      return <NowPage />
  }
}

/** One session is alive or past: it belongs to neither list. */
const placeOf = ([place = "now", id]: ReadonlyArray<string>): string =>
  place === "sessions" && id !== undefined ? "" : place

/** A page that breaks says so, and the others go on. */
class Fence extends Component<{ readonly children: ReactNode }, { readonly problem: Problem | null }> {
  override state = { problem: null }

  static getDerivedStateFromError(error: unknown) {
    return { problem: new Problem("BROKEN_PAGE", error instanceof Error ? error.message : String(error)) }
  }

  override render() {
    return this.state.problem === null ? this.props.children : <Failed problem={this.state.problem} />
  }
}

export const App = () => {
  const { me, phase, reason } = useStore(standing)
  const route = useRoute()
  const text = useText()
  if (phase === "signed_out" || me === null) return <SignInPage />
  return (
    <>
      <Shell me={me} isLost={phase === "lost"} place={placeOf(route)}>
        <Fence key={route.join("/")}>
          <Suspense fallback={<Waiting />}>{pageOf(route)}</Suspense>
        </Fence>
      </Shell>
      <StepUpDialog />
      <Modal
        opened={phase === "ask_again"}
        // Over whatever dialog is open: that one waits, with what was typed into it.
        zIndex={1_000}
        onClose={() => {}}
        withCloseButton={false}
        centered
        title={text.sign_in.again}
      >
        <SignInForm
          email={me.email}
          lead={`${reason === null ? "" : text.sign_in[reason]} ${text.sign_in.again_lead}`}
        />
      </Modal>
    </>
  )
}
