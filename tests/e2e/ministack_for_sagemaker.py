"""ministack, with its EventBridge opened to SageMaker's own source.

`PutEvents` refuses `aws.sagemaker` here as on AWS; only the tests play SageMaker.
"""

import ministack.services.eventbridge as eventbridge

eventbridge._put_events.__defaults__ = (True,)

from ministack.app import main  # noqa: E402

main()
