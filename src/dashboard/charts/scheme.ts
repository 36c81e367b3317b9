import { useEffect, useState } from 'preact/hooks';

const DARK = '(prefers-color-scheme: dark)';

/** Which colours the page has at this moment: pictures are drawn anew when that changes. */
export function useScheme(): 'light' | 'dark' {
  const [isDark, setDark] = useState(() => window.matchMedia(DARK).matches);
  useEffect(() => {
    const asked = window.matchMedia(DARK);
    const changed = (): void => setDark(asked.matches);
    asked.addEventListener('change', changed);
    return () => asked.removeEventListener('change', changed);
  }, []);
  return isDark ? 'dark' : 'light';
}
