// What a customer of a scenario can do: order, pay, ask for more time, give up.
import type { Answer } from "../../clients/connection.ts"
import type { Step } from "../step.ts"
import type { Mitra } from "./mitra.ts"
import { Person } from "./person.ts"

export class Customer extends Person {
  /** The payment of the last order. */
  payment: Answer | null = null

  orders(tier = "chat_5", options: { readonly again?: Mitra; readonly topic?: string } = {}): Step {
    return this.calls(`orders ${tier}`, "customer.create_payment", (run) => ({
      command_id: this.app(run).newId(),
      tier_id: tier,
      topic: options.topic ?? "regular",
      ...(options.again === undefined ? {} : { target_mitra_id: options.again.app(run).id })
    }), (answer) => {
      this.payment = answer
    })
  }

  /** At the checkout, for what was ordered last; the webhook follows by itself. */
  paysAtTheCheckout(): Step {
    return {
      text: `${this.name} pays at the checkout`,
      execute: (run) => {
        if (this.payment === null) throw new Error(`${this.name} has ordered nothing yet`)
        run.context.provider.take(this.payment["payment_id"], this.payment["amount_idr"])
      }
    }
  }

  /** Orders, and pays at once. */
  pays(tier = "chat_5", options: { readonly again?: Mitra } = {}): Step {
    const order = this.orders(tier, options)
    return {
      text: `${this.name} pays for ${tier}`,
      execute: (run) => {
        order.execute(run)
        const before = this.payment
        run.whenever(() => this.payment !== before, () => this.paysAtTheCheckout().execute(run))
      }
    }
  }

  asksForMoreTime(tier = "chat_5"): Step {
    return this.calls(`orders ${tier} more`, "chat.request_extension", (run) => ({
      command_id: this.app(run).newId(),
      session_id: this.session(run)?.id,
      tier_id: tier
    }), (answer) => {
      this.payment = answer
    })
  }

  cancels(): Step {
    return this.calls("cancels", "customer.cancel", (run) => ({
      command_id: this.app(run).newId(),
      session_id: this.session(run)?.id
    }))
  }

  triesAgain(): Step {
    return this.calls("tries again on the same payment", "customer.retry_request", (run) => ({
      command_id: this.app(run).newId(),
      payment_id: this.payment?.["payment_id"]
    }))
  }

  givesThePaymentUp(): Step {
    return this.calls("gives the payment up", "customer.abandon_payment", (run) => ({
      command_id: this.app(run).newId(),
      payment_id: this.payment?.["payment_id"]
    }))
  }
}
