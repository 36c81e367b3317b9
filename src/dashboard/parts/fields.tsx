import { useEffect, useState } from 'preact/hooks';

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** After the last key, so that not every letter is a search. */
const TYPING_MS = 300;

export function Typed({ label, hint, value, onChange }: FieldProps & { hint: string }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  // Only typing starts the clock.
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label>
      {label}
      <input
        type="search"
        value={text}
        placeholder={hint}
        maxLength={256}
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps extends FieldProps {
  /** Says that nothing is chosen. */
  none: string;
  values: readonly string[];
  wordsFor?: (value: string) => string;
}

export function Choice({ label, none, value, values, onChange, wordsFor = (each) => each }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{none}</option>
        {values.map((each) => (
          <option key={each} value={each}>
            {wordsFor(each)}
          </option>
        ))}
      </select>
    </label>
  );
}
