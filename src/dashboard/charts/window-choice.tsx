import { replacePlace } from '../location.ts';
import { WINDOWS, type WindowName } from '../series.ts';

/** How far back the charts of a place go; it stands in the address. */
export function WindowChoice({ chosen, place }: { chosen: WindowName; place: (window: WindowName) => string }) {
  return (
    <fieldset class="choice">
      <legend class="unseen">Time shown</legend>
      {WINDOWS.map(({ name, label, words }) => (
        <label key={name} title={`The last ${words}`}>
          <input type="radio" name="window" value={name} checked={name === chosen} onChange={() => replacePlace(place(name))} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
