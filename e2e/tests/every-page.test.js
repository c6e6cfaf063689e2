// Every page and dialog: axe finds nothing, nothing scrolls sideways, and the keyboard reaches all of it.
import { after, before, test } from 'node:test'
import { accessible, fits } from '../harness/axe.js'
import { launch, looks, visitor } from '../harness/browser.js'
import { walk } from '../harness/keyboard.js'
import { open, outside, pagesOf } from '../harness/pages.js'
import { busyAccount, newAccount, signIn } from '../harness/world.js'

let browser
let world
before(async () => { [browser, world] = await Promise.all([launch(), busyAccount()]) })
after(async () => { await browser?.close(); await world?.server.stop() })

/** Runs a check on every page, in one look, and says all that it found. */
async function everyPage(look, check) {
  const inside = await visitor(browser, world.server.base, look)
  const found = []
  const each = async (page, places) => {
    for (const place of places) {
      await open(page, place)
      await check(page, `${place.name}, ${look.theme}, ${look.width}`).catch((error) => found.push(error.message))
    }
  }
  await each(inside.page, outside)
  await signIn(inside.page)
  await each(inside.page, pagesOf(world))
  await inside.close()
  if (found.length > 0) throw new Error(found.join('\n\n'))
}

for (const look of looks) {
  test(`axe and width: ${look.theme}, ${look.width}`, () => everyPage(look, async (page, where) => {
    await accessible(page, where)
    await fits(page, where)
  }))
}

for (const width of [1280, 360]) {
  test(`by keyboard alone: ${width}`, () => everyPage({ theme: 'light', width }, walk))
}

test('the empty account', async () => {
  const server = await newAccount()
  const { page, close } = await visitor(browser, server.base)
  await signIn(page)
  for (const path of ['/', '/settings/configuration/access-keys', '/partners', '/settings/configuration/webhooks']) {
    await open(page, { path })
    await accessible(page, `empty ${path}`)
    await walk(page, `empty ${path}`)
  }
  await close()
  await server.stop()
})
