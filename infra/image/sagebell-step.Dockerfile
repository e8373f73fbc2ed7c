# The step's image: one static binary, the certificates it trusts, and nobody to run it as.
# `scripts/build-image` makes root.tar.
FROM scratch
ADD root.tar /
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENTRYPOINT ["/sagebell-step"]
