"""The sources that may train weights that ship, and where each comes from.

A source is here because its licence covers pictures and text and permits it; the model card credits it.
"""

UPSTREAM = {
    "architecture_diagrams": "mingrammer/diagrams @ 364c61d47884",
    "azure_vision_samples": (
        "Azure-Samples/cognitive-services-sample-data-files @ 65af3b93ca; "
        "boxes from Azure-Samples/cognitive-services-python-sdk-samples @ ad8f1e7e19"
    ),
    "based_cooking": "LukeSmithxyz/based.cooking @ 2d8642ec41",
    "bccd": "Shenggan/BCCD_Dataset @ d272fb14cdff",
    "blink_depth": "Yushi-Hu/VisualSketchpad @ b03859858c63",
    "blink_jigsaw": "Yushi-Hu/VisualSketchpad @ b03859858c63",
    "blink_spatial": "Yushi-Hu/VisualSketchpad @ b03859858c63",
    "dynamath": "DynaMath/DynaMath @ 598c3c3d7324",
    "easy_vqa": "vzhou842/easy-VQA @ 3b553bb7ff42",
    "gaokao_mm": "OpenMOSS/GAOKAO-MM @ 76d5193c8965",
    "geometry3k": "Yushi-Hu/VisualSketchpad @ b03859858c63",
    "grocery": "marcusklasson/GroceryStoreDataset @ fc80ba90f803",
    "hdbpmn": "dwslab/hdBPMN @ 1d7e5fcd17de",
    "icdar2013_tables": "tabulapdf/tabula-java @ 2cdf3b4fd3f7",
    "im2latex_formulas": "harvardnlp/im2markup @ 45c7577a2cfc",
    "logicvista": "Yijia-Xiao/LogicVista @ e5795f17189c",
    "marvel": "1171-jpg/MARVEL_AVR @ 16f7610f4037",
    "material_ui_docs": "material-components/material-components-android @ ac7e18efeefb",
    "math_vision": "mathllm/MATH-V @ a1f5cc3add20",
    "microsoft_docs_screens": (
        "MicrosoftDocs/Contribute @ c50e70aeb580; "
        "MicrosoftDocs/terminal @ c341a6362f9f; "
        "MicrosoftDocs/sysinternals @ 8e3453544f1e"
    ),
    "mimi_eunice_comics": "TheOpenSourceNinja/Mimi-and-Eunice-transcripts @ a3873fc38c",
    "mmvp": "Yushi-Hu/VisualSketchpad @ b03859858c63",
    "mslearn_fruit": "MicrosoftLearning/mslearn-ai-vision @ 2abec7f3df",
    "nlvr": "lil-lab/nlvr @ 18924841aa96",
    "omniglot_fewshot": "brendenlake/omniglot @ 057f034baf",
    "openstax_anthropology": "openstax/osbooks-introduction-anthropology @ 418eedd9be",
    "openstax_economics": "openstax/osbooks-principles-economics-bundle @ cd31beb103ff",
    "openstax_people": (
        "openstax/osbooks-psychology @ e061043bf2; openstax/osbooks-introduction-sociology @ d35d5f3bda"
    ),
    "openstax_physics": "openstax/osbooks-physics @ ff78c7a8150f",
    "openstax_space": "openstax/osbooks-astronomy @ 63157f370b",
    "openstax_statistics": "openstax/osbooks-statistics @ ee0efc177a01",
    "openstax_us_history": "openstax/osbooks-us-history @ 046331cfce",
    "openstax_world_history": "openstax/osbooks-world-history @ 3e17beda91",
    "plantuml_examples": "mattjhayes/PlantUML-Examples @ 0b41e032cf15",
    "playing_cards": (
        "EdjeElectronics/TensorFlow-Object-Detection-API-Tutorial-Train-Multiple-Objects-Windows-10"
        " @ c164582582"
    ),
    "plotnine_charts": "has2k1/plotnine @ 6836b99d3a97",
    "proj_map_projections": "OSGeo/PROJ @ 52da98bd995c",
    "puzzlevqa": "declare-lab/LLM-PuzzleTest @ 9b3a074cca0c",
    "robot_gallery": "robot-descriptions/awesome-robot-descriptions @ 2fda6c7ed4",
    "scientific_diagrams": "janosh/diagrams @ 247d61a23da8",
    "sroie": "zzzDavid/ICDAR-2019-SROIE @ 27be4271b251",
    "stanford_letters_1905": "PSL-Chartes-HTR-Students/HN2021-Memorials_Jane_Lathrop_Stanford @ 9266adbc8aea",
    "storybook_tenniel": (
        "standardebooks/lewis-carroll_alices-adventures-in-wonderland_john-tenniel @ a4a06a86f3; "
        "standardebooks/lewis-carroll_through-the-looking-glass_john-tenniel @ 2cc46b2d40"
    ),
    "tiny_coco": "lizhogn/tiny_coco_dataset @ 68523ddd6c27",
    "vega_lite_gallery": "vega/vega-lite @ 4c03edb62dbc",
    "vlms_blind": "anguyen8/vision-llms-are-blind @ dd2a28d96b3b",
}
