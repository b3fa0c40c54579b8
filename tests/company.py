"""A stack as companies run it: OpenShift, nodes of its own, a private authority, a mirror, a proxy, a Gateway."""

from collections.abc import Mapping
from typing import Any

from tests.programs import SMALLEST

COMPANY: dict[str, Any] = {
    **SMALLEST,
    "cluster": {
        "context": "test",
        "openshift": True,
        "dns": {"type": "openshift"},
        "ingressNamespace": "envoy-gateway-system",
        "scraping": "podMonitors",
    },
    "images": {**SMALLEST["images"], "registry": "mirror.example.com:5000/hub"},
    "network": {
        "proxy": {
            "url": "http://proxy.example.com:3128",
            "cidrs": ["10.0.0.8/32"],
            "user": "noxus",
            "password": "proxyPassword",
            "noProxy": [".example.com"],
        }
    },
    "pods": {
        "nodeSelector": {"node-role.example.com/ai": "true"},
        "tolerations": [{"key": "ai", "operator": "Exists", "effect": "NoSchedule"}],
        "priorityClassName": "platform",
        "podLabels": {"cost-centre": "42"},
        "podAnnotations": {"sidecar.istio.io/inject": "false"},
        "certificateAuthority": {"configMap": "company-ca", "key": "bundle.pem"},
        "egress": {
            "mesh": {"namespace": "mesh", "ports": [15012], "reason": "the mesh's control plane"},
            "traces": {"cidr": "10.9.0.0/24", "ports": ["4317-4318"], "reason": "traces"},
        },
    },
    "primary": {
        "namespace": "noxus",
        "pods": {"priorityClassName": "platform-high"},
        "backend": {"probes": {"readiness": {"periodSeconds": 5}}, "tolerations": []},
        "frontend": {"egress": {"mail": {"cidr": "10.9.1.0/24", "ports": [587], "reason": "mail"}}},
        "relays": {"enabled": True, "command": ["noxus", "relays"]},
        "scheduler": {"enabled": True, "command": ["celery", "beat"], "livenessCommand": ["noxus", "alive"]},
        "migrations": {"enabled": True, "command": ["noxus", "migrate"], "nodeSelector": {}},
        "hosts": {"frontend": "app.example.com"},
        "tls": {"external": True},
        "ingress": {
            "controller": "gatewayApi",
            "gateway": {"name": "public", "namespace": "gateways", "sectionName": "https", "httpSectionName": "http"},
        },
    },
    "workers": {
        "acme": {
            "namespace": "noxus-acme",
            "secrets": {"acme-keys": {"OPENAI_API_KEY": "acmeKey"}},
            "pods": {"volumes": {"keys": {"secret": "acme-keys", "mountPath": "/etc/keys"}}},
            "pools": {
                "flow": {
                    "workerSubscribe": "flow",
                    "autoscaling": {"type": "keda", "maxReplicas": 9, "query": "SELECT 1", "targetQueryValue": 2},
                    "egress": {
                        "statsd": {"cidr": "10.9.2.0/24", "ports": [8125], "protocol": "UDP", "reason": "counters"}
                    },
                }
            },
        }
    },
}

COMPANY_SECRETS: Mapping[str, str] = {"proxyPassword": "plaintext-of-proxy", "acmeKey": "plaintext-of-acme"}
