import type { App } from '../src/app.ts';
import type { Reply } from '../src/reply.ts';

/** An application that is read in process, as `fetch` is. */
export type WebApp = (...request: Parameters<App>) => Promise<Response>;

/** The same application, answering with what {@link toResponse} makes of its replies. */
export function answerOnWeb(app: App): WebApp {
  return async (...request) => toResponse(await app(...request));
}

/** A reply as a `Response` of the web. The reply ends when that is read to its end, or cancelled. */
export function toResponse(reply: Reply): Response {
  const left = reply.parts.values();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const { done, value } = left.next();
        if (done === true) {
          reply.end();
          controller.close();
        } else {
          controller.enqueue(value);
        }
      },
      cancel: () => reply.end(),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: reply.status, headers: reply.headers });
}
