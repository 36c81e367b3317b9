/** What is wrong with a TLS connection, in words, by the codes of Node and OpenSSL. */
const WORDS: readonly (readonly [code: RegExp, words: string])[] = [
  [/^CERT_HAS_EXPIRED$/, "the target's certificate has expired"],
  [/^CERT_NOT_YET_VALID$/, "the target's certificate is not valid yet"],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, "the target's certificate is for another host name"],
  [
    /^(DEPTH_ZERO_)?SELF_SIGNED_CERT(_IN_CHAIN)?$/,
    "the target's certificate comes from an authority that is not trusted here (see tls.ca)",
  ],
  [
    /^UNABLE_TO_(GET_ISSUER_CERT(_LOCALLY)?|VERIFY_LEAF_SIGNATURE)$/,
    "the target's certificate comes from an authority that is not trusted here, or it did not send the certificates that lead to one",
  ],
  [/^CERT_REVOKED$/, "the target's certificate has been revoked"],
  [/CERTIFICATE_REQUIRED$|PEER_DID_NOT_RETURN_A_CERTIFICATE$/, 'the target requires a client certificate'],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(UNKNOWN|EXPIRED|REVOKED)|ACCESS_DENIED)$/,
    'the target does not accept the client certificate',
  ],
  [/ALERT_HANDSHAKE_FAILURE$/, 'the target refused the handshake: it may require a client certificate, or another cipher'],
  [/(ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL)$/, 'the target speaks no version of TLS that is allowed here (1.2 or newer)'],
  [/UNRECOGNIZED_NAME$/, 'the target does not know this host name'],
  [/NO_APPLICATION_PROTOCOL$/, 'the target speaks neither HTTP/1.1 nor what else was offered'],
  [/(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL)$/, 'what answers there does not speak TLS'],
  [
    /^(CERT_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/,
    "the target's certificate, or one that leads to it, is not right",
  ],
];

/** OpenSSL's verdicts on a certificate carry neither a number nor a common prefix. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|EPROTO)/;

/** @returns null for a code that has nothing to do with TLS; otherwise what is wrong, empty when that is not known */
export function tlsProblem(code: string): string | null {
  if (!TLS_CODE.test(code)) return null;
  return WORDS.find(([pattern]) => pattern.test(code))?.[1] ?? '';
}
