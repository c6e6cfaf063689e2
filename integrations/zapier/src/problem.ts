/** The server's refusals in words that a person can act on, and in the kind of error that Zapier acts on rightly. */

import type { AfterResponseMiddleware, HttpResponse } from 'zapier-platform-core';

import type { components } from './api.js';

type Problem = Partial<components['schemas']['ProblemBody']>;

/** Zapier cuts longer texts. */
const LONGEST = 250;

const problemOf = (response: HttpResponse<unknown>): Problem =>
  typeof response.data === 'object' && response.data !== null ? response.data : {};

const sentences = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(' ').slice(0, LONGEST);

/** The name of each field with what is wrong with it; the names alone where that would be too long. */
const fieldsOf = (problem: Problem): string => {
  const errors = problem.errors ?? [];
  const title = problem.title ?? 'Some values are not valid.';
  const whole = [title, ...errors.map((error) => `${error.field}: ${error.detail}`)].join(' ');
  if (errors.length === 0) return sentences(title, problem.detail);
  return whole.length <= LONGEST ? whole : sentences(title, errors.map((error) => error.field).join(', '));
};

const scopesOf = (problem: Problem): string | undefined =>
  problem.required_scopes?.length ? `Needed: ${problem.required_scopes.join(', ')}.` : undefined;

const wordsOf = (problem: Problem, status: number): string =>
  problem.title ? sentences(problem.title, scopesOf(problem), problem.detail) : `The server answered ${status}.`;

/** Throws for every answer that is no success. A 429 never comes here: the platform waits as long as the server says. */
export const explain: AfterResponseMiddleware = (response, z) => {
  const { status } = response;
  if (status < 300 || response.skipThrowForStatus) return response;
  const problem = problemOf(response);
  const words = wordsOf(problem, status);
  if (status < 400) {
    const moved = 'The server address leads elsewhere. Give the address that your Leadlatch answers at itself.';
    throw new z.errors.Error(moved, 'Redirected', status);
  }
  // Any other error would let a person's Zap go on failing; this one asks for a new connection.
  if (status === 401) throw new z.errors.ExpiredAuthError(words);
  // Never as an expired connection: that would switch off a Zap whose key is good for all else.
  if (status === 403) throw new z.errors.Error(words, 'Forbidden', status);
  if (status === 422) throw new z.errors.Error(fieldsOf(problem), 'InvalidData', status);
  // Refused on purpose: the Zap stops here and is no failure.
  if (problem.code === 'duplicate_lead') throw new z.errors.HaltedError(words);
  if (status === 404) throw new z.errors.Error(words, 'NotFound', status);
  if (status === 409) throw new z.errors.Error(words, 'Conflict', status);
  const id = problem.request_id ? `Tell the operator: request ${problem.request_id}.` : undefined;
  throw new z.errors.Error(sentences(words, status >= 500 ? id : undefined), 'ServerError', status);
};
