# The image of the command line, as sagebell-step.Dockerfile is of the step. It runs the dashboard in a cluster.
FROM scratch
ADD root.tar /
USER 65532:65532
ENTRYPOINT ["/sagebell"]
