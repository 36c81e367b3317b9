/**
 * Hosts of Amazon SNS, where its certificates and confirmations are: one a region. Amazon's own pattern takes any name between,
 * and so `sns.s3-us-west-2.amazonaws.com`, which is a bucket of anybody's.
 */
export const SNS_HOSTS = /^sns\.[a-z]{2,3}(?:-[a-z]+)+-\d{1,2}\.amazonaws\.com(?:\.cn)?$/;
