"""Data services in the Kubernetes cluster itself: for development, trials and installations without a cloud.

Each service has one replica, a volume and generated passwords. There is no standby and no backup here: where the data
must outlive the cluster, use a cloud's managed services.
"""
