/** The app passes Zapier's validation and our own lint; and the lint finds what is planted. */

import { describe, expect, it } from 'vitest';
import zapier from 'zapier-platform-core';

import App from '../src/index.js';
import { lint } from './lint.js';

type Any = any;

/** A copy that may be changed; functions are shared. */
const copy = (value: Any): Any => {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copy(member)]));
};

const fieldOf = (one: Any, key: string): Any =>
  one.operation.inputFields.find((field: Any) => typeof field === 'object' && field.key === key);

/** A fault, and a word of what is said of it. */
const PLANTED: [string, (app: Any) => void, RegExp][] = [
  ['a password in an action', (app) => (fieldOf(app.creates.create_lead, 'email').type = 'password'), /credential/],
  ['a key in an action', (app) => (fieldOf(app.creates.create_lead, 'email').key = 'api_key'), /credential/],
  ['a key without a link', (app) => (app.authentication.fields[1].helpText = 'See the pages.'), /link/],
  ['a connection without a label', (app) => delete app.authentication.connectionLabel, /no label/],
  ['a label that shows the key', (app) => (app.authentication.connectionLabel = '{{accountName}} {{key}}'), /secret/],
  ['a label without the account', (app) => (app.authentication.connectionLabel = 'Leadlatch'), /account/],
  ['an id without a dropdown', (app) => delete fieldOf(app.creates.create_lead, 'user_id').dynamic, /needs a dropdown/],
  ['a label that ends in ID', (app) => (fieldOf(app.creates.update_lead, 'lead_id').label = 'Lead ID'), /record/],
  ['a dropdown of nothing', (app) => (fieldOf(app.creates.create_lead, 'user_id').dynamic = 'people.id.name'), /no such trigger/],
  ['a dropdown that people see', (app) => (app.triggers.user_list.display.hidden = false), /hidden/],
  ['a dropdown of other members', (app) => (fieldOf(app.creates.create_lead, 'user_id').dynamic = 'user_list.name.id'), /id and name/],
  ['a hook without performList', (app) => delete app.triggers.lead_created.operation.performList, /performList/],
  ['a hook without performSubscribe', (app) => delete app.triggers.lead_created.operation.performSubscribe, /performSubscribe/],
  ['a hook without performUnsubscribe', (app) => delete app.triggers.lead_created.operation.performUnsubscribe, /performUnsubscribe/],
  ['a search that is not there', (app) => (fieldOf(app.creates.update_lead, 'lead_id').search = 'find_person.id'), /no such search/],
  ['a search without a dropdown', (app) => delete fieldOf(app.creates.update_lead, 'lead_id').dynamic, /also has a dropdown/],
  ['a search without fields', (app) => (app.searches.find_lead.operation.inputFields = []), /needs a field/],
  ['a create of dynamic fields alone', (app) => (app.creates.create_lead.operation.inputFields = [() => []]), /static field/],
  ['a trigger without a sample', (app) => delete app.triggers.lead_updated.operation.sample, /sample with an id/],
  ['a sample without an id', (app) => delete app.searches.find_lead.operation.sample.id, /sample with an id/],
  ['a sample beside its fields', (app) => (app.creates.create_lead.operation.sample.colour = 'red'), /no output field/],
  ['a time without an offset', (app) => (app.creates.create_lead.operation.sample.created_at = '2026-01-15 09:30'), /offset/],
  ['a field without a label', (app) => delete fieldOf(app.creates.create_lead, 'email').label, /label is missing/],
  ['a label in lower case', (app) => (fieldOf(app.creates.create_lead, 'firstname').label = 'First name'), /Title Case/],
  ['a trigger in other words', (app) => (app.triggers.lead_created.display.description = 'A new lead.'), /Triggers when/],
  ['an action without a verb', (app) => (app.creates.create_lead.display.description = 'Create a lead.'), /verb/],
  ['a description without its end', (app) => (app.creates.create_lead.display.description = 'Creates a lead'), /full stop/],
  ['a bare URL', (app) => (fieldOf(app.creates.create_lead, 'email').helpText = 'See https://example.com'), /bare URL/],
  ['a link by http', (app) => (fieldOf(app.creates.create_lead, 'email').helpText = '[See](http://example.com)'), /https alone/],
  ['a key in another place', (app) => (app.creates.create_lead.key = 'make_lead'), /its own key/],
  ['a pair without its create', (app) => (app.searchOrCreates.find_lead.create = 'make_lead'), /no create/],
  ['a group that alters nothing', (app) => delete fieldOf(app.creates.create_lead, 'lead_group_id').altersDynamicFields, /anew/],
];

describe('the publishing rules', () => {
  it('are kept', () => expect(lint(App)).toEqual([]));

  it.each(PLANTED)('find %s', (_name, plant, words) => {
    const app = copy(App);
    plant(app);
    const faults = lint(app);
    expect(faults.join('\n')).toMatch(words);
    expect(faults.length).toBeLessThan(4);
  });
});

describe("the platform's own validation", () => {
  type Handler = (event: object) => Promise<{ results: unknown[] }>;
  const { createAppHandler } = zapier as unknown as { createAppHandler: (app: object) => Handler };
  const validate = async (app: object) => (await createAppHandler(app)({ command: 'validate' })).results;

  it('finds nothing', async () => expect(await validate(App)).toEqual([]));

  it('would find something', async () => {
    const app = copy(App);
    delete app.creates.create_lead.operation.perform;
    expect(await validate(app)).not.toEqual([]);
  });
});
