# Adds the dashboard to the menu of Kubeflow's central dashboard: it reads and writes the ConfigMap that has the menu.
# An entry that is already there is replaced. Without it: jq --argjson remove true.
# Source: `links` in components/centraldashboard/manifests/kustomize/base/configmap.yaml of kubeflow/dashboard; the
# icons are those of iron-icons (public/components/main-page.js there).
{type: "item", link: "/sagebell/", text: "SageMaker Jobs", icon: "alarm"} as $entry
| ($ARGS.named.remove // false) as $remove
| .data.links |= (
    fromjson
    | .menuLinks |= (map(select(.link != $entry.link)) + if $remove then [] else [$entry] end)
    | tojson
  )
