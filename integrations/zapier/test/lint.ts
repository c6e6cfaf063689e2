/**
 * The publishing rules that Zapier's own validation does not hold. Each rule is a function from an app to its faults.
 */

type Any = any;
type Rule = (app: Any) => string[];

const values = (map: Any): Any[] => Object.values(map ?? {});
const isVisible = (one: Any): boolean => one.display?.hidden !== true;
const actions = (app: Any): Any[] => [...values(app.creates), ...values(app.searches)];
const operations = (app: Any): Any[] => [...values(app.triggers), ...actions(app)];
const inputs = (one: Any): Any[] => (one.operation?.inputFields ?? []).filter((field: Any) => typeof field === 'object');
const eachInput = (app: Any, faults: (field: Any, of: Any) => string[]): string[] =>
  operations(app).flatMap((one) => inputs(one).flatMap((field) => faults(field, one)));
const fault = (amiss: unknown, words: string): string[] => (amiss ? [words] : []);

const noCredentialsInActions: Rule = (app) =>
  eachInput(app, (field, of) =>
    fault(
      field.type === 'password' || /(^|_)(key|password|secret|token)$/i.test(field.key ?? ''),
      `${of.key}.${field.key}: a credential belongs into the connection`,
    ),
  );

const LINK = /\[[^\]]+\]\(https:\/\/[^)\s]+\)/;

const theKeyHasALink: Rule = (app) =>
  values(app.authentication?.fields)
    .filter((field) => field.type === 'password')
    .flatMap((field) => fault(!LINK.test(field.helpText ?? ''), `${field.key}: say by a link where the key is found`));

const theLabelTellsAccountsApart: Rule = (app) => {
  const label = app.authentication?.connectionLabel;
  const secrets = values(app.authentication?.fields).filter((field) => field.type === 'password');
  const shown = secrets.some((field) => String(label).includes(field.key + '}}') || String(label).includes(`.${field.key}`));
  return [
    ...fault(!label, 'the connection has no label'),
    ...fault(label && !/accountName/.test(String(label)), 'the label of the connection does not name the account'),
    ...fault(shown, 'the label of the connection shows a secret'),
  ];
};

const idsHaveDropdowns: Rule = (app) =>
  eachInput(app, (field, of) => [
    ...fault(/_id$/.test(field.key ?? '') && !field.dynamic, `${of.key}.${field.key}: an id needs a dropdown`),
    ...fault(/\bID$/i.test(field.label ?? '') && field.label !== 'ID', `${of.key}.${field.key}: call it by its record`),
  ]);

const dropdownsExist: Rule = (app) =>
  eachInput(app, (field, of) => {
    if (!field.dynamic) return [];
    const [key, id, label] = String(field.dynamic).split('.');
    const list = (app.triggers ?? {})[key ?? ''];
    const where = `${of.key}.${field.key}: ${field.dynamic}`;
    return [
      ...fault(!list, `${where}: there is no such trigger`),
      ...fault(list && isVisible(list), `${where}: the trigger of a dropdown is hidden`),
      ...fault(list && list.operation?.type === 'hook', `${where}: a hook fills no dropdown`),
      ...fault(id !== 'id' || label !== 'name', `${where}: entries are of id and name`),
    ];
  });

const hooksAreWhole: Rule = (app) =>
  values(app.triggers)
    .filter((one) => one.operation?.type === 'hook')
    .flatMap((one) =>
      ['perform', 'performList', 'performSubscribe', 'performUnsubscribe'].flatMap((part) =>
        fault(typeof one.operation[part] !== 'function', `${one.key}: a hook needs ${part}`),
      ),
    );

const searchesAreBacked: Rule = (app) =>
  eachInput(app, (field, of) => {
    if (!field.search) return [];
    const where = `${of.key}.${field.key}`;
    return [
      ...fault(!(app.searches ?? {})[String(field.search).split('.')[0] ?? ''], `${where}: there is no such search`),
      ...fault(!field.dynamic, `${where}: a field with a search also has a dropdown`),
    ];
  });

const searchesHaveFields: Rule = (app) =>
  values(app.searches).flatMap((one) => fault(inputs(one).length === 0, `${one.key}: a search needs a field`));

const createsHaveFields: Rule = (app) =>
  values(app.creates).flatMap((one) => fault(inputs(one).length === 0, `${one.key}: a create needs a static field`));

const samplesAreThere: Rule = (app) =>
  operations(app)
    .filter(isVisible)
    .flatMap((one) => fault(!one.operation?.sample?.id, `${one.key}: a sample with an id is missing`));

const samplesMatchTheirFields: Rule = (app) =>
  operations(app)
    .filter(isVisible)
    .flatMap((one) => {
      const named = new Set((one.operation?.outputFields ?? []).map((field: Any) => field.key));
      const plain = Object.entries(one.operation?.sample ?? {}).filter(([, value]) => typeof value !== 'object');
      return plain.flatMap(([key]) => fault(!named.has(key), `${one.key}: the sample's ${key} is no output field`));
    });

const OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const timesHaveOffsets: Rule = (app) =>
  operations(app).flatMap((one) =>
    Object.entries(one.operation?.sample ?? {})
      .filter(([key]) => key.endsWith('_at'))
      .flatMap(([key, value]) => fault(!OFFSET.test(String(value)), `${one.key}: ${key} is no ISO 8601 time with offset`)),
  );

const SMALL = new Set(['a', 'an', 'and', 'at', 'by', 'for', 'from', 'in', 'of', 'on', 'or', 'the', 'to', 'with']);

const isTitle = (text: string): boolean =>
  text.split(' ').every((word, place) => /^[A-Z0-9(]/.test(word) || (place > 0 && SMALL.has(word)));

const labelsAreTitles: Rule = (app) => {
  const labelled = [...operations(app), ...values(app.searchOrCreates)];
  const displays = labelled.map((one) => [one.key, one.display?.label] as const);
  const fields = operations(app).flatMap((one) => inputs(one).map((field) => [`${one.key}.${field.key}`, field.label] as const));
  const ofAuth = values(app.authentication?.fields).map((field) => [`authentication.${field.key}`, field.label] as const);
  return [...displays, ...fields, ...ofAuth].flatMap(([where, label]) => [
    ...fault(!label, `${where}: a label is missing`),
    ...fault(label && !isTitle(label), `${where}: ${label} is not in Title Case`),
  ]);
};

const descriptionsReadWell: Rule = (app) => {
  const triggers = values(app.triggers).flatMap((one) =>
    fault(!/^Triggers when /.test(one.display?.description ?? ''), `${one.key}: a trigger "Triggers when .."`),
  );
  const acts = [...actions(app), ...values(app.searchOrCreates)].flatMap((one) =>
    fault(!/^[A-Z][a-z]+s /.test(one.display?.description ?? ''), `${one.key}: begin with a verb, as "Creates a .."`),
  );
  const ends = [...operations(app), ...values(app.searchOrCreates)].flatMap((one) =>
    fault(!/\.$/.test(one.display?.description ?? ''), `${one.key}: a description ends with a full stop`),
  );
  return [...triggers, ...acts, ...ends];
};

/** Every text of the app that people read, with where it stands. */
const texts = (app: Any): [string, string][] => {
  const fields = eachTextOf(values(app.authentication?.fields), 'authentication');
  const described = [...operations(app), ...values(app.searchOrCreates)].map((one): [string, string] => [
    one.key,
    one.display?.description ?? '',
  ]);
  return [...described, ...fields, ...operations(app).flatMap((one) => eachTextOf(inputs(one), one.key))];
};

const eachTextOf = (fields: Any[], of: string): [string, string][] =>
  fields.map((field) => [`${of}.${field.key}`, field.helpText ?? '']);

const urlsAreLinks: Rule = (app) =>
  texts(app).flatMap(([where, text]) => {
    const bare = text.replace(/\[[^\]]+\]\([^)]*\)/g, '').replace(/`[^`]*`/g, '');
    return [
      ...fault(/\bhttps?:\/\/|\bwww\./.test(bare), `${where}: a bare URL; write a Markdown link or backticks`),
      ...fault(/\bhttp:\/\//.test(text), `${where}: https alone`),
    ];
  });

const keysAreTheirPlaces: Rule = (app) =>
  ['triggers', 'creates', 'searches'].flatMap((kind) =>
    Object.entries(app[kind] ?? {}).flatMap(([key, one]: [string, Any]) =>
      fault(one.key !== key, `${kind}.${key}: its own key is ${one.key}`),
    ),
  );

const pairsExist: Rule = (app) =>
  values(app.searchOrCreates).flatMap((one) => [
    ...fault(!(app.searches ?? {})[one.search], `${one.key}: there is no search ${one.search}`),
    ...fault(!(app.creates ?? {})[one.create], `${one.key}: there is no create ${one.create}`),
  ]);

const groupsAlterFields: Rule = (app) =>
  operations(app)
    .filter((one) => (one.operation?.inputFields ?? []).some((field: Any) => typeof field === 'function'))
    .flatMap((one) =>
      fault(!inputs(one).some((field) => field.altersDynamicFields), `${one.key}: nothing asks for its dynamic fields anew`),
    );

const RULES: Rule[] = [
  noCredentialsInActions,
  theKeyHasALink,
  theLabelTellsAccountsApart,
  idsHaveDropdowns,
  dropdownsExist,
  hooksAreWhole,
  searchesAreBacked,
  searchesHaveFields,
  createsHaveFields,
  samplesAreThere,
  samplesMatchTheirFields,
  timesHaveOffsets,
  labelsAreTitles,
  descriptionsReadWell,
  urlsAreLinks,
  keysAreTheirPlaces,
  pairsExist,
  groupsAlterFields,
];

/** What of an app would be sent back when it is published. */
export const lint = (app: unknown): string[] => RULES.flatMap((rule) => rule(app));
