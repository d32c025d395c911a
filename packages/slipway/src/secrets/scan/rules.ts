/**
 * What secrets in clear look like, as data: the forms that their makers give them, so that no guess is needed.
 * The group `secret` is the part that is one, where it is not the whole.
 */
export const scanRules: readonly ScanRule[] = [
  {
    id: 'private-key',
    is: 'a private key',
    pattern: /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?=[\s\\]|$)/g,
    hint: 'PRIVATE KEY',
  },
  {
    id: 'age-identity',
    is: 'an age identity',
    pattern: /\bAGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20,}/g,
    hint: 'AGE-SECRET-KEY-',
  },
  { id: 'putty-key', is: 'a PuTTY private key', pattern: /^PuTTY-User-Key-File-[23]:/gm, hint: 'PuTTY-User-Key' },
  { id: 'aws-access-key', is: 'an AWS access key', pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g },
  { id: 'github-token', is: 'a GitHub token', pattern: /\bgh[pousr]_[A-Za-z0-9]{36,251}\b/g },
  { id: 'github-token', is: 'a GitHub token', pattern: /\bgithub_pat_[A-Za-z0-9_]{60,255}\b/g, hint: 'github_pat_' },
  { id: 'gitlab-token', is: 'a GitLab token', pattern: /\bgl(?:pat|rt|dt|ptt|cbt|soat)-[A-Za-z0-9_-]{20,}/g },
  { id: 'npm-token', is: 'an npm token', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g, hint: 'npm_' },
  { id: 'pypi-token', is: 'a PyPI token', pattern: /\bpypi-AgE[A-Za-z0-9_-]{50,}/g, hint: 'pypi-' },
  { id: 'docker-token', is: 'a Docker Hub token', pattern: /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}/g, hint: 'dckr_' },
  { id: 'slack-token', is: 'a Slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{20,}/g, hint: 'xox' },
  {
    id: 'slack-webhook',
    is: 'a Slack webhook',
    pattern: /hooks\.slack\.com\/(?:services|workflows)\/T[A-Z0-9]{6,}\/[A-Za-z0-9/]{20,}/g,
    hint: 'hooks.slack.com',
  },
  {
    id: 'discord-webhook',
    is: 'a Discord webhook',
    pattern: /discord(?:app)?\.com\/api\/webhooks\/\d{15,}\/[\w-]{60,}/g,
    hint: 'api/webhooks',
  },
  { id: 'telegram-token', is: 'a Telegram bot token', pattern: /\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b/g, hint: ':AA' },
  { id: 'stripe-key', is: 'a Stripe key', pattern: /\b(?:sk|rk)_live_[A-Za-z0-9]{20,}/g, hint: 'k_live_' },
  { id: 'stripe-webhook', is: 'a Stripe webhook secret', pattern: /\bwhsec_[A-Za-z0-9+/]{32,}/g, hint: 'whsec_' },
  { id: 'sendgrid-key', is: 'a SendGrid key', pattern: /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b/g, hint: 'SG.' },
  { id: 'mailgun-key', is: 'a Mailgun key', pattern: /\bkey-[0-9a-f]{32}\b/g, hint: 'key-' },
  { id: 'twilio-key', is: 'a Twilio key', pattern: /\bSK[0-9a-f]{32}\b/g, hint: 'SK' },
  { id: 'google-key', is: 'a Google API key', pattern: /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g, hint: 'AIza' },
  { id: 'google-secret', is: 'a Google OAuth secret', pattern: /\bGOCSPX-[A-Za-z0-9_-]{28}/g, hint: 'GOCSPX-' },
  {
    id: 'openai-key',
    is: 'an OpenAI key',
    pattern: /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}/g,
    hint: 'T3BlbkFJ',
  },
  { id: 'anthropic-key', is: 'an Anthropic key', pattern: /\bsk-ant-[a-z0-9]+-[A-Za-z0-9_-]{60,}/g, hint: 'sk-ant-' },
  { id: 'digitalocean-token', is: 'a DigitalOcean token', pattern: /\bdo[opr]_v1_[0-9a-f]{64}\b/g, hint: '_v1_' },
  {
    id: 'cloudflare-token',
    is: 'a Cloudflare origin key',
    pattern: /\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b/g,
    hint: 'v1.0-',
  },
  { id: 'sentry-token', is: 'a Sentry token', pattern: /\bsntry[su]_[A-Za-z0-9+/=_-]{40,}/g, hint: 'sntry' },
  { id: 'vault-token', is: 'a Vault token', pattern: /\bhv[sbr]\.[A-Za-z0-9_-]{24,}/g },
  {
    id: 'terraform-token',
    is: 'a Terraform token',
    pattern: /\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}/g,
    hint: '.atlasv1.',
  },
  { id: 'shopify-token', is: 'a Shopify token', pattern: /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/g, hint: 'shp' },
  { id: 'square-token', is: 'a Square token', pattern: /\bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}/g, hint: 'sq0' },
  { id: 'huggingface-token', is: 'a Hugging Face token', pattern: /\bhf_[A-Za-z]{34}\b/g, hint: 'hf_' },
  { id: 'linear-key', is: 'a Linear key', pattern: /\blin_api_[A-Za-z0-9]{40}\b/g, hint: 'lin_api_' },
  {
    id: 'tailscale-key',
    is: 'a Tailscale key',
    pattern: /\btskey-[a-z]+-[A-Za-z0-9]+-[A-Za-z0-9]{20,}/g,
    hint: 'tskey-',
  },
  {
    id: 'azure-key',
    is: 'an Azure storage key',
    pattern: /\bAccountKey=(?<secret>[A-Za-z0-9+/]{86}==)/g,
    hint: 'AccountKey=',
  },
  {
    id: 'registry-login',
    is: 'a login of a container registry',
    pattern: /"auth"\s*:\s*"(?<secret>[A-Za-z0-9+/]{16,}={0,2})"/g,
    hint: '"auth"',
  },
  {
    id: 'json-web-token',
    is: 'a signed JSON web token',
    pattern: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/g,
    hint: '.eyJ',
  },
  {
    id: 'url-password',
    is: 'a URL with its password',
    pattern: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/?#"'`<>{}$]{0,64}:(?<secret>[^\s:@/?#"'`<>{}$]{8,256})@[a-z0-9[]/gi,
    hint: '://',
    random: true,
  },
]

export interface ScanRule {
  id: string
  /** Completes "here is …". */
  is: string
  /** With the flag `g`. Bounded, so that no line, however long, makes it slow. */
  pattern: RegExp
  /** A text without this has no match; saves most of the time. */
  hint?: string
  /** Only what looks drawn by lot counts: words such as `password` stand there in many examples. */
  random?: true
}

/** What examples are filled in with, where anything may stand. */
export function isPlaceholder(text: string): boolean {
  return isMadeUp(text) || exampleWords.test(text) || /^[A-Z]+([_-][A-Z0-9]+)+$/.test(text)
}

/** What makers write in place of the random part of their own tokens. */
export function isMadeUp(text: string): boolean {
  return /example|sample|placeholder|dummy|redacted|your[-_]|xxxx/i.test(text) || new Set(text).size < 5
}

const exampleWords =
  /change.?me|replace|not.?a.?(real|secret)|password|secret|<[^>]*>|\$\{|\{\{|1234567|abcdef|deadbeef/i

/** Bits a character, by how often each comes: prose has fewer in so short a text, random characters more. */
export function looksRandom(text: string): boolean {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  // Four bits are the most that 16 characters can have.
  return bits >= Math.min(3.2, Math.log2(text.length) * 0.8) && /\d/.test(text) && /[A-Za-z]/.test(text)
}
