import { describe, expect, it } from 'vitest';
import { ServerError } from '../../src/errors.ts';
import { refuseWithoutProvider, teeMarks } from '../../src/evidence/detect.ts';

async function refusal(...there: string[]): Promise<ServerError> {
  const error = await refuseWithoutProvider(async (path) => there.includes(path)).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ServerError);
  return error as ServerError;
}

describe('refuseWithoutProvider', () => {
  it('says all that it looked for where there is no TEE', async () => {
    const error = await refusal();
    expect(error.code).toBe('no-tee');
    for (const { path } of teeMarks) expect(error.message).toContain(path);
    expect(error.message).toContain('--simulation');
  });

  it.each(teeMarks)('says that it found $tee and has no provider for it', async ({ path, tee }) => {
    const error = await refusal(path);
    expect(error.code).toBe('no-tee');
    expect(error.message).toContain(`found ${tee} at ${path}`);
  });

  it('looks at the machine itself', async () => {
    await expect(refuseWithoutProvider()).rejects.toMatchObject({ code: 'no-tee' });
  });
});
