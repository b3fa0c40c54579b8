"""Certificates of one control plane, made together with it and thrown away with it.

Leaves out renewal: they last longer than any sandbox should.
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLIENTS: Final = {
    "admin": ("sandbox-admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", None),
    "kube-scheduler": ("system:kube-scheduler", None),
    "kwok": ("kwok", "system:masters"),
    "keda": ("system:serviceaccount:keda:keda-operator", None),  # as a token of its ServiceAccount would say
}
"""User and group by name of the certificate."""

_DNS_NAMES: Final = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_ADDRESSES: Final = ("127.0.0.1", "10.96.0.1")  # the second: the first Service address, which is the API server's own
_KEDA_SERVICES: Final = ("keda-operator", "keda-metrics-apiserver")
_KEDA: Final = "tls"  # its operator looks for `ca`, which is the cluster's, and `tls`
_PAIRS: Final = ("ca", "front-proxy-ca", "server", "front-proxy-client", _KEDA, *CLIENTS)
_LIFETIME: Final = dt.timedelta(days=3650)
_CLOCK_SKEW: Final = dt.timedelta(hours=1)
_NO_USAGE: Final = dict.fromkeys(
    (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ),
    False,
)


def complete(folder: Path) -> bool:
    """Whether everything that `create` writes is there."""
    files = [f"{pair}.{kind}" for pair in _PAIRS for kind in ("crt", "key")]
    return all((folder / file).is_file() for file in (*files, "service-account.key", "service-account.pub"))


def create(folder: Path) -> None:
    """Write everything that the parts of a control plane know one another by."""
    cluster, front_proxy = Authority.create(folder, "ca"), Authority.create(folder, "front-proxy-ca")
    names = [x509.DNSName(name) for name in _DNS_NAMES]
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in _ADDRESSES]
    cluster.issue("server", _subject("sandbox-server"), [*names, *addresses])
    front_proxy.issue("front-proxy-client", _subject("front-proxy-client"))
    services = [x509.DNSName(f"{service}.keda.svc") for service in _KEDA_SERVICES]
    cluster.issue(_KEDA, _subject("keda"), [*services, addresses[0]])
    for file, (user, group) in CLIENTS.items():
        cluster.issue(file, _subject(user, group))
    accounts = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "service-account.key").write_bytes(_pem(accounts))
    public = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "service-account.pub").write_bytes(accounts.public_key().public_bytes(*public))


@dataclass(frozen=True)
class Authority:
    """A certificate authority that keeps what it issues in one folder."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @classmethod
    def create(cls, folder: Path, file: str) -> "Authority":
        """Make one that signs itself."""
        authority = cls(folder, ec.generate_private_key(ec.SECP256R1()), _subject(f"sandbox-{file}"))
        usage = x509.KeyUsage(**{**_NO_USAGE, "key_cert_sign": True, "crl_sign": True})
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        authority._write(file, authority.name, authority.key, {constraints: True, usage: True})
        return authority

    def issue(self, file: str, subject: x509.Name, names: Sequence[x509.GeneralName] = ()) -> None:
        """Write `<file>.crt` and `<file>.key`, good for either end of a connection."""
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
        extensions: dict[x509.ExtensionType, bool] = {usage: False}
        if names:
            extensions[x509.SubjectAlternativeName(names)] = False
        self._write(file, subject, ec.generate_private_key(ec.SECP256R1()), extensions)

    def _write(
        self, file: str, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extensions: dict[x509.ExtensionType, bool]
    ) -> None:
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(
            issuer_name=self.name,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - _CLOCK_SKEW,
            not_valid_after=now + _LIFETIME,
        )
        # Strict clients, Python 3.13's among them, want both identifiers.
        identifiers: dict[x509.ExtensionType, bool] = {
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()): False,
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()): False,
        }
        for extension, critical in (identifiers | extensions).items():
            builder = builder.add_extension(extension, critical=critical)
        certificate = builder.sign(self.key, hashes.SHA256())
        (self.folder / f"{file}.key").write_bytes(_pem(key))
        (self.folder / f"{file}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _subject(user: str, group: str | None = None) -> x509.Name:
    parts = {NameOID.ORGANIZATION_NAME: group, NameOID.COMMON_NAME: user}
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items() if value])


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
