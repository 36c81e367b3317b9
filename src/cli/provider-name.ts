import { closest } from '../config/suggest.ts';
import { isProviderName, PROVIDER_NAMES, type ProviderName, presetOf } from '../providers/presets.ts';
import { wrongUse } from './command-error.ts';

/**
 * The preset that a user named.
 * @throws CommandError with the name that was probably meant
 */
export function providerNamed(name: string): ProviderName {
  if (isProviderName(name)) return name;
  const near = PROVIDER_NAMES.find((each) => isCalled(each, name)) ?? closest(name, PROVIDER_NAMES);
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  throw wrongUse(`There is no provider preset "${name}".${meant}`, `There are: ${PROVIDER_NAMES.join(', ')}.`);
}

const lettersOf = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
/** Fewer letters are in too many names. */
const LEAST = 4;

/** Whether people call the provider so: `facebook`, `amazon`, `standardwebhooks`. */
function isCalled(provider: ProviderName, word: string): boolean {
  const letters = lettersOf(word);
  return letters === lettersOf(provider) || (letters.length >= LEAST && lettersOf(presetOf(provider).label).includes(letters));
}
