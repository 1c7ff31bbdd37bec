import { expect, test } from 'vitest';
import { callerOf } from '../../src/access/caller.ts';
import type { HttpRequest } from '../../src/request.ts';

function requestOver(connection?: object): HttpRequest {
  const request = new Request('https://blindai-srv/run') as HttpRequest;
  return connection === undefined ? request : Object.assign(request, { connection });
}

test('an owner token is one caller, over whatever connections', () => {
  const owner = { kind: 'token', id: 'ab' } as const;
  expect(callerOf(owner, requestOver({}))).toBe(callerOf({ ...owner }, requestOver({})));
  expect(callerOf(owner, requestOver())).not.toBe(callerOf({ ...owner, id: 'cd' }, requestOver()));
});

test('without one each connection is, and what came over none', () => {
  const anonymous = { kind: 'anonymous' } as const;
  const connection = {};
  const first = callerOf(anonymous, requestOver(connection));
  expect(callerOf(anonymous, requestOver(connection))).toBe(first);
  expect(callerOf(anonymous, requestOver({}))).not.toBe(first);
  expect(callerOf(anonymous, requestOver())).not.toBe(callerOf(anonymous, requestOver()));
});
