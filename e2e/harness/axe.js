// axe on the page as it stands, dialogs included.
import assert from 'node:assert/strict'
import axe from 'axe-core'

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Asserts that axe finds nothing on the page. */
export async function accessible(page, where) {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), tags)
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`)
  assert.deepEqual(found, [], where)
}

/** Asserts that nothing but code and tab rows scrolls sideways. */
export async function fits(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${where} is ${wide} px wider than the window`)
}
