// axios and xml2js: every element as a list, as a value, and with names in lower case.
const axios = require('axios');
const xml2js = require('xml2js');

const [, , base, key] = process.argv;
const leads = `${base}/api/APILeadCreateUpdate.php`;
const builder = new xml2js.Builder();

async function post(url, body, options = {}) {
  const answer = await axios.post(url, body, { headers: { 'Content-Type': 'text/xml; charset=UTF8' }, validateStatus: () => true, ...options });
  return { status: answer.status, body: answer.data };
}

function expect(holds, what) {
  if (!holds) throw new Error(JSON.stringify(what));
}

async function run() {
  // By default every element is a list.
  const lead = { key, leadgroup: 40001, firstname: 'Seán', lastname: "O'Brien & Søn", email: 'node@example.com', data2: '<b>bold</b>', fax: '' };
  let answer = await post(leads, builder.buildObject({ data: { lead } }));
  expect(answer.status === 200, answer);
  let { result } = await xml2js.parseStringPromise(answer.body);
  expect(result.status[0] === '0' && result.item[0].message[0] === 'OK' && result.code[0] === '0', answer);
  const id = result.item[0].id[0];
  expect(/^[0-9]+$/.test(id) && result.id[0] === id, answer);

  // Or the value itself; then one item is no list, and an empty element an empty text.
  const plain = { explicitArray: false, tagNameProcessors: [xml2js.processors.stripPrefix], normalizeTags: true };
  answer = await post(leads, builder.buildObject({ data: { lead: { key, id, request: 'update', email: 'nobody' } } }));
  ({ result } = await xml2js.parseStringPromise(answer.body, plain));
  expect(answer.status === 200 && result.status === '1' && result.item.code === '422' && result.item.id === '', answer);
  expect(result.message.includes('email'), answer);
  answer = await post(leads, builder.buildObject({ data: { lead: [{ key, id, towncity: 'Cork' }, { key, phone1: '020 7946 0000' }] } }));
  ({ result } = await xml2js.parseStringPromise(answer.body, plain));
  expect(Array.isArray(result.item) && result.item.length === 2 && result.item[0].id === id && result.status === '0', answer);

  // A search by axios without a type of its own: the body decides.
  answer = await post(`${base}/api/APILead.php`, `<data><key>${key}</key><request>search</request><email>node@example.com</email></data>`, { headers: {} });
  ({ result } = await xml2js.parseStringPromise(answer.body, plain));
  expect(result.records.record.id === id && result.records.record.email === 'node@example.com' && result.total === '1', answer);
  answer = await post(`${base}/api/APILead.php`, `<data><key>${key}</key><request>read</request><id>${id}</id></data>`);
  ({ result } = await xml2js.parseStringPromise(answer.body, plain));
  expect(result.lastname === "O'Brien & Søn" && result.towncity === 'Cork' && result.data2 === '<b>bold</b>' && result.dropbox === '', answer);
  answer = await post(`${base}/api/APILead.php`, `<data><key>${key}</key><request>search</request><email>none@example.com</email></data>`);
  ({ result } = await xml2js.parseStringPromise(answer.body, plain));
  expect(result.records === '' && result.status === '0', answer);
  console.log('ok');
}

run().catch((error) => {
  console.error(`client.js: ${error.message}`);
  process.exit(1);
});
