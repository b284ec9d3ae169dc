// What a person does with the page: enters something, teaches it.

import { readFileSync } from 'node:fs';

const THREE = [[0.3, 0.2], [0.5, 0.12], [0.68, 0.22], [0.66, 0.38], [0.5, 0.47], [0.68, 0.56], [0.7, 0.75], [0.52, 0.88], [0.28, 0.8]];
const CROSS = [[0.2, 0.2], [0.8, 0.8], [0.5, 0.5], [0.8, 0.2], [0.2, 0.8]];

export async function draw(page, points, steps = 1) {
  const pad = page.locator('.pad').first();
  await page.getByRole('button', { name: 'Clear' }).first().click();
  // After the click: scrolling to the button moves the pad.
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps });
  await page.mouse.up();
  await page.mouse.move(5, 5);
}

async function shown(page) {
  await page.waitForFunction(() => document.getElementById('spoken').textContent !== '');
  await page.waitForTimeout(300);
  return page.locator('.headline').first().evaluate((line) => Array.from(line.children, (part) => part.textContent).join(' '));
}

// Enters something into every input, and returns what the answer says.
export async function enter(page, facts, expected) {
  if (await page.locator('.pad').first().isVisible()) {
    await draw(page, THREE, 4);
  } else if (await page.locator('.picture').first().isVisible()) {
    const file = await page.screenshot({ clip: { x: 0, y: 0, width: 640, height: 480 } });
    await page.locator('.picture .hidden-file').setInputFiles({ name: 'garden.png', mimeType: 'image/png', buffer: file });
  } else if (facts.inputs.some(({ dtype }) => dtype === 'string')) {
    await page.locator('.inputs textarea').first().fill(Object.values(expected.inputs)[0][0]);
  } else {
    const rows = Object.values(expected.inputs).flatMap((all) => all[0]).map((value) => value.toFixed(3));
    const boxes = page.locator('.numbers input');
    const list = page.locator('.numbers textarea');
    if (await list.count()) await list.first().fill(rows.join(', '));
    else for (const [index, value] of rows.entries()) await boxes.nth(index).fill(value);
  }
  return shown(page);
}

// Adds examples, trains, uses what was trained, finds it again after a reload, and deletes it all.
export async function teach(page, facts, folder) {
  const drawn = await page.locator('.pad').first().isVisible();
  const target = page.locator('#teach-body .field input[type=text]');
  const adding = page.getByRole('button', { name: 'Add this input' });
  const number = (await page.getByText('Right answer', { exact: true }).count()) > 0;
  const names = number ? ['12.5'] : ['Cross', facts.labels?.[0] ?? '3'];
  for (const [index, name] of names.entries()) {
    for (let turn = 0; turn < 3; turn += 1) {
      if (drawn) await draw(page, (index === 0 ? CROSS : THREE).map(([x, y]) => [x + turn * 0.02, y - turn * 0.02]));
      await target.fill(name);
      await adding.click();
      if (!drawn) break;
    }
  }
  await page.getByRole('button', { name: 'Train the last layer' }).click();
  await page.getByText(/^Trained on/).waitFor({ timeout: 60_000 });
  const result = await page.locator('#teach-body').getByText(/^Trained on/).textContent();
  if (drawn) await draw(page, CROSS);
  await page.waitForTimeout(400);
  const said = await page.locator('.best').first().textContent();
  const used = await page.locator('#learned').isVisible();
  if (folder) {
    await page.screenshot({ path: `${folder}/taught.png`, fullPage: true });
  }
  await page.reload();
  await page.locator('#learned').waitFor({ timeout: 30_000 });
  const kept = await page.locator('.thumb').count();
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save trained layer' }).click()]);
  const file = await saved.path();
  await page.getByRole('button', { name: 'Delete all' }).click();
  await page.getByRole('button', { name: 'Really delete?' }).click();
  await page.getByText('No examples yet.').waitFor();
  const gone = !await page.locator('#learned').isVisible();
  const layer = { name: saved.suggestedFilename(), mimeType: 'application/json', buffer: readFileSync(file) };
  await page.locator('#teach-body .hidden-file').setInputFiles(layer);
  await page.locator('#learned').waitFor();
  await page.locator('#teach-body .hidden-file').setInputFiles({ ...layer, buffer: Buffer.from('{"format":1,"bias":[1]}') });
  await page.getByText('can’t be used').waitFor();
  const right = used && gone && kept === (drawn ? names.length * 3 : names.length) && (!drawn || said === 'Cross');
  return { right, result, said, kept, file: layer.name };
}

// Chooses each backend as a person does, and returns what the page says of the time.
export async function switchBackends(page, results) {
  const told = [];
  for (const { id, why } of [...results, { id: 'auto' }]) {
    if (why) continue;
    await page.locator('#time').evaluate((element) => { element.textContent = 'Starting'; });
    await page.locator('#backend').selectOption(id);
    await page.waitForFunction(() => / ms on /.test(document.getElementById('time').textContent), null, { timeout: 60_000 });
    told.push(await page.locator('#time').textContent());
  }
  return told;
}
