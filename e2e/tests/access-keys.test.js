// Settings > Configuration > Access Keys, to the word of the document that the product is built from.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { launch, visitor } from '../harness/browser.js'
import { busyAccount, signIn } from '../harness/world.js'

const home = '/settings/configuration/access-keys'
let browser
let world
let session
before(async () => {
  [browser, world] = await Promise.all([launch(), busyAccount()])
  session = await visitor(browser, world.server.base)
  await signIn(session.page)
})
after(async () => {
  await session?.close()
  await browser?.close()
  await world?.server.stop()
})

/** Opens Add New by the navigation, as the source says. */
async function addNew(page) {
  const navigation = page.getByRole('navigation', { name: 'Main' })
  await navigation.getByText('Settings', { exact: true }).first().waitFor()
  await navigation.getByText('Configuration', { exact: true }).waitFor()
  await navigation.getByRole('link', { name: 'Access Keys' }).click()
  await page.getByRole('link', { name: 'Add New' }).click()
}

/** Reads the secret, stores it, and leaves its dialog. */
async function store(page) {
  const dialog = page.getByRole('dialog')
  const secret = (await dialog.getByRole('textbox', { name: 'The key' }).innerText()).trim()
  await page.keyboard.press('Escape')
  await page.mouse.click(5, 5)
  assert.ok(await dialog.isVisible(), 'neither Escape nor a click outside closes it')
  const done = dialog.getByRole('button', { name: 'Done' })
  assert.ok(await done.isDisabled(), 'Done waits for the tick')
  await dialog.getByRole('checkbox', { name: 'I have stored it' }).check()
  await done.click()
  await dialog.waitFor({ state: 'hidden' })
  assert.ok(!(await page.content()).includes(secret), 'the secret is gone')
  return secret
}

test('a Full key: Key Type Full, its features, Create Key; then it works', async () => {
  const { page } = session
  await addNew(page)
  await page.getByRole('group', { name: 'Key Type' }).getByRole('radio', { name: /^Full/ }).check()
  await page.getByText('Only for trusted users.').waitFor()
  await page.getByLabel('Name', { exact: true }).fill('Made to the word')
  await page.getByRole('checkbox', { name: /Create leads/ }).check()
  await page.getByRole('checkbox', { name: /Read leads/ }).check()
  await page.getByRole('button', { name: 'Create Key' }).click()
  const secret = await store(page)
  const whoami = await world.server.api(secret, 'GET', '/whoami')
  assert.deepEqual(whoami.body.key.scopes, ['create_leads', 'read_leads'])
  assert.equal((await world.server.api(secret, 'POST', '/leads', { email: 'full@example.com' })).status, 201)
  assert.equal((await world.server.api(secret, 'GET', '/users')).status, 200)
})

test('a Partner key: the Partner/Introducer dropdown; what it cannot have is closed, with the reason', async () => {
  const { page } = session
  await addNew(page)
  await page.getByRole('group', { name: 'Key Type' }).getByRole('radio', { name: /^Partner/ }).check()
  await page.getByRole('combobox', { name: 'Partner/Introducer' }).fill('North')
  await page.getByRole('option', { name: /North Homes/ }).click()
  for (const name of [/Manage activity records/, /Access Voice Integration/, /Appointments/, /Journeys/, /Manage partners/]) {
    const feature = page.getByRole('checkbox', { name })
    assert.ok(await feature.isDisabled(), String(name))
  }
  assert.ok(await page.getByText('Full keys only').first().isVisible())
  await page.getByRole('checkbox', { name: /Create leads/ }).check()
  await page.getByRole('checkbox', { name: /Read leads/ }).check()
  await page.getByRole('complementary', { name: 'What this key would do' }).getByText('North Homes').first().waitFor()
  await page.getByRole('button', { name: 'Create Key' }).click()
  const secret = await store(page)
  const made = await world.server.api(secret, 'POST', '/leads', { email: 'partner@example.com' })
  assert.equal(made.body.introducer_id, world.north.id)
  assert.equal((await world.server.api(secret, 'GET', '/users')).status, 403)
  const { body } = await world.server.api(secret, 'GET', '/leads?limit=200')
  assert.ok(body.data.length > 1 && body.data.every((lead) => lead.introducer_id === world.north.id))
})

test('the bin, the modal, and the API refuses the very next request', async () => {
  const { page } = session
  await page.goto(home)
  const { secret } = world.zap
  assert.equal((await world.server.api(secret, 'GET', '/whoami')).status, 200)
  await page.getByRole('link', { name: 'Delete North Homes Zap' }).click()
  const modal = page.getByRole('dialog')
  await modal.getByRole('heading', { name: 'Delete North Homes Zap?' }).waitFor()
  await modal.getByText('In use now').waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Cancel')
  await modal.getByLabel('Reason').fill('A test')
  await modal.getByRole('button', { name: 'Delete Key' }).click()
  const proof = page.getByRole('link', { name: /^Audit entry \d+$/ })
  const number = /\d+/.exec(await proof.innerText())[0]
  const refused = await world.server.api(secret, 'GET', '/whoami')
  assert.deepEqual([refused.status, refused.body.code], [401, 'deleted_key'])
  await proof.click()
  const entry = page.locator(`#entry-${number}`)
  for (const words of ['Key deleted', 'North Homes Zap', 'A test', 'Ann Archer']) await entry.getByText(words).first().waitFor()
  await page.goto(`${home}?status=deleted`)
  await page.getByRole('link', { name: 'North Homes Zap' }).waitFor()
})

test('rotation with an overlap: both keys work, and the old one says so', async () => {
  const { page } = session
  await page.goto(home)
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'Back office', exact: true }) })
  await row.getByLabel('More for Back office').click()
  await row.getByRole('link', { name: 'Rotate' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /24 hours/ }).check()
  await dialog.getByRole('button', { name: 'Rotate Key' }).click()
  const secret = await store(page)
  assert.equal((await world.server.api(secret, 'GET', '/whoami')).status, 200)
  assert.equal((await world.server.api(world.full.secret, 'GET', '/whoami')).status, 200)
  await page.goto(home)
  const rows = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'Back office', exact: true }) })
  assert.equal(await rows.count(), 2, 'the key and its successor')
  await rows.filter({ hasText: 'Rotating' }).getByText(/^Old key: \d+ calls? in the last hour/).waitFor()
  await rows.filter({ hasText: 'Ends in 24 hours' }).getByText(world.full.secret.slice(-4)).waitFor()
})

test('cards and filters stand in the URL; an export is exactly what is filtered', async () => {
  const { page } = session
  await page.goto(home)
  await page.getByRole('button', { name: /Never used/ }).click()
  await page.waitForURL(/\?/)
  const shown = await page.locator('tbody tr .title').allInnerTexts()
  assert.ok(shown.includes('Reports') && !shown.includes('Made to the word'), String(shown))
  await page.reload()
  assert.deepEqual(await page.locator('tbody tr .title').allInnerTexts(), shown)
  await page.getByText('Export', { exact: true }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'JSON, these keys' }).click()])
  const exported = JSON.parse(await readFile(await download.path(), 'utf8'))
  assert.deepEqual(exported.map((key) => key.name).sort(), [...shown].sort())
})

test('several keys are deleted by one confirmation that lists them', async () => {
  const { page } = session
  await page.goto(home)
  const secrets = [world.reports.secret, world.southKey.secret]
  for (const secret of secrets) assert.equal((await world.server.api(secret, 'GET', '/whoami')).status, 200)
  for (const name of ['Reports', 'South Loans']) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await page.getByRole('button', { name: 'Delete selected' }).click()
  const listed = page.getByRole('list', { name: 'Keys to delete' })
  await listed.getByRole('listitem').nth(1).waitFor()
  assert.equal(await listed.getByRole('listitem').count(), 2)
  await page.getByRole('button', { name: 'Delete 2 keys' }).click()
  await page.waitForURL((url) => url.pathname === home)
  for (const name of ['Reports', 'South Loans']) assert.equal(await page.locator('tbody .title').filter({ hasText: name }).count(), 0, name)
  for (const secret of secrets) assert.equal((await world.server.api(secret, 'GET', '/whoami')).body.code, 'deleted_key')
})

/** Slows a page down as a far network does. */
async function slowly(page, latency) {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: -1, uploadThroughput: -1 })
}

test('a double click on Create Key makes one key and shows its secret', async () => {
  const { page } = session
  await page.goto(`${home}/add?kind=full`)
  await page.getByLabel('Name', { exact: true }).fill('Clicked twice')
  await page.getByRole('checkbox', { name: /Read leads/ }).check()
  await slowly(page, 300)
  await page.locator('.form-foot').getByRole('button', { name: 'Create Key' }).dblclick()
  const secret = await store(page)
  await slowly(page, 0)
  assert.equal((await world.server.api(secret, 'GET', '/whoami')).status, 200)
  await page.goto(home)
  assert.equal(await page.getByRole('link', { name: 'Clicked twice', exact: true }).count(), 1)
})

test('what was typed for a Full key is there again after a look at Partner', async () => {
  const { page } = session
  await page.goto(`${home}/add?kind=full`)
  const type = page.getByRole('group', { name: 'Key Type' })
  await page.getByRole('checkbox', { name: /Journeys/ }).check()
  await type.getByRole('radio', { name: /^Partner/ }).check()
  assert.ok(await page.getByRole('checkbox', { name: /Journeys/ }).isDisabled())
  await type.getByRole('radio', { name: /^Full/ }).check()
  assert.ok(await page.getByRole('checkbox', { name: /Journeys/ }).isChecked())
})

test('a refused form takes the focus to what is wrong', async () => {
  const { page } = session
  await page.goto(`${home}/add?kind=full`)
  await page.locator('.form-foot').getByRole('button', { name: 'Create Key' }).click()
  const alert = page.getByRole('alert')
  await alert.getByText('Nothing was made').waitFor()
  assert.ok(await alert.evaluate((element) => element === document.activeElement))
  const { y } = await alert.boundingBox()
  assert.ok(y > 0 && y < 900, `it is in the window: ${y}`)
})
