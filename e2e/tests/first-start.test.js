// From an empty database to the first key that works, by what the pages say alone.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, visitor } from '../harness/browser.js'
import { Server } from '../harness/server.js'
import { password } from '../harness/world.js'

let browser
let server
before(async () => { [browser, server] = await Promise.all([launch(), Server.start()]) })
after(async () => { await browser?.close(); await server?.stop() })

test('a one-time link leads to an account, a partner, and a key that works', async () => {
  const { page, close } = await visitor(browser, server.base)
  const link = new URL(await server.firstAdminLink())

  await page.goto(link.pathname)
  await page.getByLabel('Company').fill('Acme Leads')
  await page.getByLabel('Short name').fill('acme')
  await page.getByLabel('Name', { exact: true }).fill('Ann Archer')
  await page.getByLabel('E-mail').fill('ann@acme.example')
  await page.getByLabel('Password, at least 10 characters').fill(password)
  await page.getByLabel('The same password again').fill(password)
  await page.getByRole('button', { name: 'Make account' }).click()
  await page.waitForURL((url) => !url.pathname.includes(link.pathname))

  const navigation = page.getByRole('navigation', { name: 'Main' })
  await navigation.getByRole('link', { name: 'Partners' }).click()
  await page.getByRole('link', { name: 'Add New' }).click()
  await page.getByLabel('Company').fill('North Homes')
  await page.getByRole('radio', { name: /^Introducer Supplies/ }).check()
  await page.getByRole('button', { name: 'Add partner' }).click()
  await page.getByRole('heading', { name: 'North Homes' }).waitFor()

  await navigation.getByRole('link', { name: 'Access Keys' }).click()
  await page.getByText('An access key lets one outside system').waitFor()
  await page.getByRole('link', { name: /^Full key/ }).click()
  await page.getByRole('checkbox', { name: /Read leads/ }).check()
  await page.getByRole('button', { name: 'Create Key' }).click()
  const secret = (await page.getByRole('textbox', { name: 'The key' }).innerText()).trim()
  assert.match(secret, /^lk_full_/)
  assert.equal((await server.api(secret, 'GET', '/whoami')).body.account.name, 'Acme Leads')
  await page.getByRole('checkbox', { name: 'I have stored it' }).check()
  await page.getByRole('button', { name: 'Done' }).click()

  await navigation.getByRole('link', { name: 'Partners' }).click()
  await page.getByRole('link', { name: 'North Homes' }).click()
  await page.getByRole('checkbox', { name: 'General' }).check()
  await page.getByRole('button', { name: 'Save links' }).click()
  await page.getByText('Links saved').waitFor()
  await page.getByRole('link', { name: 'Add key' }).click()
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'North Homes')
  await page.getByRole('checkbox', { name: /Create leads/ }).check()
  await page.getByRole('button', { name: 'Create Key' }).click()
  const own = (await page.getByRole('textbox', { name: 'The key' }).innerText()).trim()
  assert.match(own, /^lk_partner_/)
  assert.equal((await server.api(own, 'POST', '/leads', { email: 'first@example.com' })).status, 201)
  await close()

  const again = await visitor(browser, server.base)
  const answer = await again.page.goto(link.pathname)
  assert.ok(answer.status() >= 400, 'the link opens once')
  await again.close()
})
