import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** Who looks at the page, as the relay knows him. `local` where no token is configured. */
export interface Identity {
  name: string;
  role: 'viewer' | 'operator';
}

/** For a relay that does not tell: it refuses by itself what may not be done. */
const UNKNOWN: Identity = { name: '', role: 'operator' };

const Known = createContext<Identity | null>(null);

export const IdentityProvider = Known.Provider;

export const useIdentity = (): Identity => useContext(Known) ?? UNKNOWN;

/** Whether buttons that change something are shown. */
export const useMayAct = (): boolean => useIdentity().role !== 'viewer';

/** Whether there is a session that can be ended. */
export const hasSession = ({ name }: Identity): boolean => name !== '' && name !== 'local';
