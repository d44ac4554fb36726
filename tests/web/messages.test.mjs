// The page's words: every language has every message, with the same arguments and the plural forms that its grammar
// has (CLDR), and no text that a person could see stands outside the message files.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, root, webRequire } from './load.mjs';
import { compileMessage, languagesWritten, readMessages } from '../../web/messages.mjs';

const { LANGUAGES, chooseLanguage } = await load('i18n/languages.ts');
const i18n = await load('i18n/i18n.ts');
const ts = webRequire('typescript');
const english = await readMessages('en');

/* Every argument of a message with what it is, and the forms of each plural. */
function shapeOf(tree, shape = { args: new Map(), plurals: [] }) {
  const [LITERAL, ARGUMENT, NUMBER, DATE, TIME, SELECT, PLURAL] = [0, 1, 2, 3, 4, 5, 6];
  for (const part of typeof tree === 'string' ? [] : tree) {
    if ([ARGUMENT, NUMBER, DATE, TIME, SELECT, PLURAL].includes(part.type)) {
      const kind = [SELECT].includes(part.type) ? 'select' : 'value';
      shape.args.set(part.value, kind);
    }
    if (part.type === PLURAL || part.type === SELECT) {
      const forms = Object.keys(part.options);
      if (part.type === PLURAL) {
        shape.plurals.push({ forms, type: part.pluralType ?? 'cardinal' });
      }
      Object.values(part.options).forEach(({ value }) => shapeOf(value, shape));
    }
    assert.ok(part.type >= LITERAL);
  }
  return shape;
}

test('the_message_files_are_sorted_and_those_of_the_languages_offered', async () => {
  const written = await languagesWritten();
  assert.deepEqual(written, LANGUAGES.map(({ code }) => code).sort());
  for (const language of written) {
    const ids = Object.keys(await readMessages(language));
    assert.deepEqual(ids, [...ids].sort(), `${language}.json is sorted`);
  }
});

for (const { code } of LANGUAGES) {
  test(`every_message_is_there_in_${code}_with_its_arguments_and_plural_forms`, async () => {
    const messages = await readMessages(code);
    const wrong = [];
    for (const id of new Set([...Object.keys(english), ...Object.keys(messages)])) {
      if (!(id in messages) || !(id in english)) {
        wrong.push(`${id}: ${id in english ? 'missing' : 'no such message in English'}`);
        continue;
      }
      const own = shapeOf(compileMessage(messages[id], id));
      const expected = shapeOf(compileMessage(english[id], id));
      const [has, wants] = [[...own.args.keys()].sort(), [...expected.args.keys()].sort()];
      if (has.join() !== wants.join()) {
        wrong.push(`${id}: arguments ${has} instead of ${wants}`);
      }
      for (const { forms, type } of own.plurals) {
        const { pluralCategories } = new Intl.PluralRules(code, { type }).resolvedOptions();
        const named = forms.filter((form) => !form.startsWith('='));
        const missing = pluralCategories.filter((form) => !named.includes(form) && form !== 'many');
        const alien = named.filter((form) => !pluralCategories.includes(form));
        const lacksMany = code === 'ar' && !named.includes('many');
        if (missing.length > 0 || alien.length > 0 || lacksMany) {
          wrong.push(`${id}: plural forms ${named}, ${code} has ${pluralCategories}`);
        }
      }
      if (own.plurals.length === 0 && expected.plurals.length > 0 && code !== 'zh') {
        wrong.push(`${id}: a number without plural forms`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

test('the_page_speaks_what_was_chosen_or_the_first_language_of_the_browser_that_there_is', () => {
  const chosen = (wanted, browsers) => {
    const { language, locale } = chooseLanguage(wanted, browsers);
    return [language.code, locale];
  };
  assert.deepEqual(chosen(null, ['en-GB', 'de']), ['en', 'en-GB']);
  assert.deepEqual(chosen(null, ['xx', 'en-GB']), ['en', 'en-GB']);
  assert.deepEqual(chosen(null, []), ['en', 'en']);
  assert.deepEqual(chosen('xx', ['en']), ['en', 'en']);
  if (LANGUAGES.length > 1) {
    assert.deepEqual(chosen(null, ['fi', 'de-AT', 'en']), ['de', 'de-AT']);
    assert.deepEqual(chosen('de', ['en', 'de-CH']), ['de', 'de-CH']);
    assert.deepEqual(chosen('ar', ['en']), ['ar', 'ar']);
    assert.deepEqual(chosen(null, ['zh-Hans-CN']), ['zh', 'zh-Hans-CN']);
  }
});

test('a_message_that_a_language_lacks_is_english_with_english_plurals', () => {
  i18n.setLanguage('ar', { 'saving.saved': 'حُفظ' });
  assert.equal(i18n.message('saving.saved'), 'حُفظ');
  assert.equal(i18n.message('past.strokes', { count: 1 }), '1 stroke');
  assert.equal(i18n.message('past.strokes', { count: 3 }), '3 strokes');
  i18n.setLanguage('en');
  assert.equal(i18n.message('saving.saved'), english['saving.saved']);
});

test('numbers_and_dates_are_the_languages', () => {
  i18n.setLanguage('de-DE');
  assert.equal(i18n.formatNumber(12_345.5), '12.345,5');
  assert.equal(i18n.formatAgo(-1, 'day'), 'gestern');
  i18n.setLanguage('hi-IN');
  assert.equal(i18n.formatNumber(1_234_567), '12,34,567');
  i18n.setLanguage('en');
});

/* ---- no text outside ---- */

/* Functions and properties whose text a person sees or hears. */
const SHOWN_CALLS = new Set(['say', 'element', 'button', 'titleOf', 'append', 'prepend', 'replaceChildren']);
const SHOWN_PROPERTIES = new Set(['textContent', 'title', 'innerText', 'placeholder', 'ariaLabel', 'alt', 'label']);
const SHOWN_ATTRIBUTES = new Set(['aria-label', 'title', 'placeholder', 'alt', 'aria-description', 'aria-valuetext', 'aria-roledescription']);
/* Names of products and what is typed, the same in every language. */
const SAME = [/^about\.ts:/, /^kolam/];

function isWords(text) {
  return /\p{L}\p{L}/u.test(text);
}

function sources(folder = join(root, 'web', 'src')) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : path.endsWith('.ts') ? [path] : [];
  });
}

/* The text of a literal, or of what is fixed in a template. */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) {
    return node.text;
  }
  if (ts.isTemplateExpression(node)) {
    return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join(' ');
  }
  return null;
}

/* Literals that are shown as they are: not those inside message(...) or in the attributes that nobody sees. */
function literalsIn(node) {
  if (ts.isConditionalExpression(node)) {
    return [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)];
  }
  if (ts.isBinaryExpression(node)) {
    return [...literalsIn(node.left), ...literalsIn(node.right)];
  }
  if (ts.isParenthesizedExpression(node)) {
    return literalsIn(node.expression);
  }
  const text = textOf(node);
  return text === null ? [] : [text];
}

function textsShown(path) {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = [];
  const add = (node, expression) => {
    for (const text of literalsIn(expression).filter((each) => isWords(each) && !(each in english))) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${path.split('/').pop()}:${line + 1}: ${text}`);
    }
  };
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const { expression } = node;
      const name = ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
      const args = name === 'element' ? node.arguments.slice(2) : node.arguments;
      if (SHOWN_CALLS.has(name)) {
        const shown = name === 'button' || name === 'titleOf' ? args.slice(0, 1) : args;
        shown.forEach((each) => add(node, each));
      } else if (name === 'setAttribute' && SHOWN_ATTRIBUTES.has(textOf(args[0]))) {
        add(node, args[1]);
      }
    } else if (ts.isBinaryExpression(node) && ts.isPropertyAccessExpression(node.left)) {
      if (SHOWN_PROPERTIES.has(node.left.name.text) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
        add(node, node.right);
      }
    } else if (ts.isPropertyAssignment(node)) {
      const name = ts.isStringLiteralLike(node.name) ? node.name.text : node.name.getText();
      const isElements = node.parent.parent && ts.isCallExpression(node.parent.parent);
      if (SHOWN_ATTRIBUTES.has(name) && isElements) {
        add(node, node.initializer);
      }
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'Error') {
      /* What is thrown is shown by whoever catches it, where it is a sentence. */
      node.arguments?.forEach((each) => literalsIn(each).some((text) => /^[A-Z].*\.$/.test(text)) && add(node, each));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

test('no_text_that_a_person_sees_stands_outside_the_message_files', () => {
  const found = sources().flatMap(textsShown);
  assert.deepEqual(found.filter((text) => !SAME.some((same) => same.test(text))), []);
});

test('every_message_is_used', () => {
  const code = sources().map((path) => readFileSync(path, 'utf8')).join('\n');
  const page = ['static/index.html', 'build.mjs'].map((name) => readFileSync(join(root, 'web', name), 'utf8')).join('\n');
  const isUsed = (id) => {
    const made = `\`${id.slice(0, id.lastIndexOf('.'))}.\${`; /* `color.${name}` */
    return [`'${id}'`, made].some((each) => code.includes(each)) || [`{{${id}}}`, `'${id}'`].some((each) => page.includes(each));
  };
  assert.deepEqual(Object.keys(english).filter((id) => !isUsed(id)), []);
});
