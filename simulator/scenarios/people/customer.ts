// What a customer of a scenario can do: order, pay, ask for more time, give up.
import type { Answer } from "../../clients/connection.ts"
import type { Step } from "../step.ts"
import type { Mitra } from "./mitra.ts"
import { Person } from "./person.ts"

export class Customer extends Person {
  /** The payment of the last order. */
  payment: Answer | null = null

  orders(tier = "chat_5", options: { readonly again?: Mitra; readonly topic?: string } = {}): Step {
    return this.calls(`orders ${tier}`, "customer.create_payment", (play) => ({
      command_id: this.app(play).newId(),
      tier_id: tier,
      topic: options.topic ?? "regular",
      ...(options.again === undefined ? {} : { target_mitra_id: options.again.app(play).id })
    }), (answer) => {
      this.payment = answer
    })
  }

  /** At the checkout, for what was ordered last; the webhook follows by itself. */
  paysAtTheCheckout(): Step {
    return {
      text: `${this.name} pays at the checkout`,
      run: (play) => {
        if (this.payment === null) throw new Error(`${this.name} has ordered nothing yet`)
        play.stage.provider.take(this.payment["payment_id"], this.payment["amount_idr"])
      }
    }
  }

  /** Orders, and pays at once. */
  pays(tier = "chat_5", options: { readonly again?: Mitra } = {}): Step {
    const order = this.orders(tier, options)
    return {
      text: `${this.name} pays for ${tier}`,
      run: (play) => {
        order.run(play)
        const before = this.payment
        play.whenever(() => this.payment !== before, () => this.paysAtTheCheckout().run(play))
      }
    }
  }

  asksForMoreTime(tier = "chat_5"): Step {
    return this.calls(`orders ${tier} more`, "chat.request_extension", (play) => ({
      command_id: this.app(play).newId(),
      session_id: this.session(play)?.id,
      tier_id: tier
    }), (answer) => {
      this.payment = answer
    })
  }

  cancels(): Step {
    return this.calls("cancels", "customer.cancel", (play) => ({
      command_id: this.app(play).newId(),
      session_id: this.session(play)?.id
    }))
  }

  triesAgain(): Step {
    return this.calls("tries again on the same payment", "customer.retry_request", (play) => ({
      command_id: this.app(play).newId(),
      payment_id: this.payment?.["payment_id"]
    }))
  }

  givesThePaymentUp(): Step {
    return this.calls("gives the payment up", "customer.abandon_payment", (play) => ({
      command_id: this.app(play).newId(),
      payment_id: this.payment?.["payment_id"]
    }))
  }
}
