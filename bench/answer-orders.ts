/** What a worker says when it has started, and to each order. */
export type Answer =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/** What is done for each kind of order; what it resolves with is the answer. */
export type Handlers<Order extends { readonly kind: string }> = {
  readonly [Kind in Order['kind']]: (
    order: Extract<Order, { readonly kind: Kind }>,
  ) => Promise<unknown>;
};

/**
 * The side of a worker: answers orders.
 *
 * @param first - What it says when it is ready.
 */
export function answerOrders<Order extends { readonly kind: string }>(
  handlers: Handlers<Order>,
  first: unknown = null,
): void {
  process.on('message', (order: Order) => {
    const handle = handlers[order.kind as Order['kind']] as (given: Order) => Promise<unknown>;
    handle(order).then(
      (value) => say({ ok: true, value }),
      (error: unknown) => say({ ok: false, message: String(error) }),
    );
  });
  say({ ok: true, value: first });
}

function say(answer: Answer): void {
  process.send!(answer);
}
