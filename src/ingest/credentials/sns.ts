import type { SnsScheme } from '../../providers/scheme.ts';
import type { Sender } from '../../providers/sender.ts';
import { decodeSignature } from '../../providers/signature.ts';
import { parseSource } from '../../providers/source.ts';
import type { ReceivedRequest } from '../received.ts';
import { ABSENT, type Credential, RIGHT, wrong } from './credential.ts';
import { allowedUrl, isSignedBy, matchesFetched } from './public-key.ts';

/** In this order; what a message does not have is left out (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html). */
const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Notification: NOTIFICATION,
  SubscriptionConfirmation: CONFIRMATION,
  UnsubscribeConfirmation: CONFIRMATION,
};

const ALGORITHMS: Readonly<Record<string, 'rsa-sha1' | 'rsa-sha256'>> = { '1': 'rsa-sha1', '2': 'rsa-sha256' };
const CERTIFICATE = parseSource('body:SigningCertURL');
const CERTIFICATE_PATH = /^\/[A-Za-z0-9_-]{1,128}\.pem$/;
const LABEL = "'Signature' in the body";

/** The text that Amazon signs, or null for a body that is no message of SNS. */
export function snsMessage(request: ReceivedRequest): string | null {
  const read = (name: string): unknown => request.value(name);
  const type = read('Type');
  const fields = typeof type === 'string' && Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined;
  if (fields === undefined) return null;
  let text = '';
  for (const name of fields) {
    const value = read(name);
    if (typeof value === 'string') text += `${name}\n${value}\n`;
    else if (value !== undefined && value !== null) return null;
  }
  return text;
}

const TOPIC = /^arn:[a-z-]+:sns:[A-Za-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}$/;

/** The topic is what an operator has to add; anything else that stands in its place is not repeated. */
function topicWords(topic: unknown): string {
  return typeof topic === 'string' && TOPIC.test(topic) ? `the topic ${topic}` : 'no topic that has the form of one';
}

export function snsCredential(scheme: SnsScheme, { params }: Sender): Credential {
  const host = new RegExp(scheme.host);
  const topics = typeof params.topicArn === 'string' ? [params.topicArn] : params.topicArn;
  return {
    label: LABEL,
    check(request: ReceivedRequest, keys) {
      const written = request.value('Signature');
      if (written === undefined) return ABSENT;
      const signature = typeof written === 'string' ? decodeSignature(written, 'base64', null) : null;
      if (signature === null) return wrong('malformed', `${LABEL} is not <base64>`);
      const algorithm = ALGORITHMS[String(request.value('SignatureVersion'))];
      if (algorithm === undefined) return wrong('malformed', "'SignatureVersion' in the body is neither 1 nor 2");
      const message = snsMessage(request);
      if (message === null) return wrong('malformed', 'the body is no message of SNS');
      const topic = request.value('TopicArn');
      if (topics !== undefined && !topics.some((each) => each === topic)) {
        return wrong('not_expected', `the message is from ${topicWords(topic)}, which is not under topicArn`);
      }
      const url = allowedUrl(request, CERTIFICATE, (name) => host.test(name), CERTIFICATE_PATH);
      const address = typeof url === 'string' ? { format: 'cert' as const, url, algorithm } : url;
      const bytes = Buffer.from(message);
      const result = matchesFetched(address, keys, (known) => known.some((key) => isSignedBy(algorithm, key, bytes, signature)));
      if (typeof result !== 'boolean') return result;
      return result ? RIGHT : wrong('no_match', `${LABEL} does not match the message under Amazon's certificate`);
    },
  };
}
