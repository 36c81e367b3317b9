import type { HeaderList } from '../../domain/event.ts';
import { type Contents, isSealedText } from './contents.ts';

/** What of a rejection may hold something that came from outside. */
export interface RejectionContent {
  explanation: string;
  peer: string;
  headers: HeaderList;
  bodyStart: string;
}

type Stored = { [Field in keyof RejectionContent]: string };
type Sealed = [explanation: string, peer: string, headers: HeaderList, bodyStart: string];

const place = (seq: number): string => `rejection:${seq}`;

/** As it lies in the table: in its columns, or with encryption all of it in the last one. */
export function storedRejection(
  { explanation, peer, headers, bodyStart }: RejectionContent,
  seq: number,
  contents: Contents,
): Stored {
  if (!contents.isSealing) return { explanation, peer, headers: JSON.stringify(headers), bodyStart };
  const sealed: Sealed = [explanation, peer, headers, bodyStart];
  return { explanation: '', peer: '', headers: '', bodyStart: contents.storeText(place(seq), JSON.stringify(sealed)) };
}

/** Undoes {@link storedRejection}. What cannot be read is shown as empty, and says so. */
export function openedRejection(stored: Stored, seq: number, contents: Contents): RejectionContent {
  const { explanation, peer, headers, bodyStart } = stored;
  if (headers !== '' || !isSealedText(bodyStart))
    return { explanation, peer, headers: JSON.parse(headers) as HeaderList, bodyStart };
  const text = contents.openText(place(seq), bodyStart);
  if (text === null)
    return { explanation: 'It is encrypted, and cannot be read with the keys there are.', peer: '', headers: [], bodyStart: '' };
  const opened = JSON.parse(text) as Sealed;
  return { explanation: opened[0], peer: opened[1], headers: opened[2], bodyStart: opened[3] };
}
