// Custom resource definitions are read from these modules' folders; nothing of them is built.
module noxus.sandbox/crds

go 1.26.0

require (
	github.com/external-secrets/external-secrets v0.20.4
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.3
)
