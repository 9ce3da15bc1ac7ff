import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Key and certificate of the tests of a file, in PEM. */
export const certificate: { readonly key: string; readonly cert: string } = makeCertificate();

/** The hash of the public key, by which a browser is told to trust the certificate. */
export const fingerprint: string = createHash("sha256")
  .update(new X509Certificate(certificate.cert).publicKey.export({ type: "spki", format: "der" }))
  .digest("base64");

/**
 * A certificate signed by itself, for a day.
 *
 * Made by `openssl`: Node signs, but makes no certificates, and the packages that do bring a dozen others. Chromium's own package
 * comes from the same `apt-get`.
 */
function makeCertificate(): typeof certificate {
  const folder = mkdtempSync(join(tmpdir(), "unsession-certificate-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:*.test,IP:127.0.0.1"];
  try {
    execFileSync("openssl", ["req", ...kind, ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } catch (cause) {
    throw new Error("No certificate could be made. Run `apt-get install -y openssl`.", { cause });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
