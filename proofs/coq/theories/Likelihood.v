(** Ville's inequality on a finite tree, and the likelihood sets of a finite class (C14;
    proofs/finite-likelihood-sets.md, proofs/sequential-tests.md).

    A history is the list of the outcomes so far, the latest first; [process h z] is the probability of [z]
    after [h]. An event is a boolean of the history; [ever E] says that [E] held at some time up to now, so
    a bound of its probability that does not depend on the horizon [n] holds for all times at once. *)
From Coq Require Import Reals List Lra Lia Bool.
From ExactQSE Require Import Sums Gibbs Hellinger.
Import ListNotations.
Open Scope R_scope.

Definition indicator (b : bool) : R := if b then 1 else 0.

Section Tree.
Context {Z : Type} (outcomes : list Z).
Definition history := list Z.
Definition possible (h : history) : Prop := Forall (fun z => In z outcomes) h.

Section Process.
Variable process : history -> Z -> R.
Hypothesis Hprocess : forall h, simplex (process h) outcomes.

(** The mean of [f] after [n] more outcomes. *)
Fixpoint expect (n : nat) (past : history) (f : history -> R) : R :=
  match n with
  | O => f past
  | S m => mean (process past) (fun z => expect m (z :: past) f) outcomes
  end.

Fixpoint ever (E : history -> bool) (h : history) : bool :=
  E h || match h with [] => false | _ :: t => ever E t end.

Definition probability (n : nat) (past : history) (E : history -> bool) : R :=
  expect n past (fun h => indicator (E h)).

Lemma expect_le f g n : forall past, possible past -> (forall h, possible h -> f h <= g h) ->
  expect n past f <= expect n past g.
Proof.
  induction n as [|n IH]; simpl; intros past Hp H; [now apply H|].
  apply mean_le; [apply Hprocess|]. intros z Hz. apply IH; [|exact H]. now constructor.
Qed.

Lemma expect_const c n : forall past, expect n past (fun _ => c) = c.
Proof.
  induction n as [|n IH]; simpl; intros past; [reflexivity|].
  rewrite (mean_ext _ _ (fun _ => c)) by (intros; apply IH). apply mean_const, Hprocess.
Qed.

Lemma expect_plus f g n : forall past, expect n past (fun h => f h + g h) = expect n past f + expect n past g.
Proof.
  induction n as [|n IH]; simpl; intros past; [reflexivity|].
  rewrite (mean_ext _ _ (fun z => expect n (z :: past) f + expect n (z :: past) g)) by (intros; apply IH).
  apply mean_plus.
Qed.

Lemma expect_sum {M} (f : M -> history -> R) ms n past :
  expect n past (fun h => rsum (fun m => f m h) ms) = rsum (fun m => expect n past (f m)) ms.
Proof.
  induction ms as [|m ms IH]; simpl; [apply expect_const|]. now rewrite expect_plus, IH.
Qed.

Lemma indicator_range b : 0 <= indicator b <= 1.
Proof. destruct b; simpl; lra. Qed.

Lemma probability_le_one n past E : possible past -> probability n past E <= 1.
Proof.
  intros Hp. rewrite <- (expect_const 1 n past). apply expect_le; [exact Hp|].
  intros h _. apply indicator_range.
Qed.

Lemma ever_here E z h : ever E h = false -> ever E (z :: h) = true -> E (z :: h) = true.
Proof. simpl. intros ->. now rewrite orb_false_r. Qed.

(** Ville's inequality: a nonnegative [X] that does not rise in the mean reaches [c] with probability at
    most [X / c]. *)
Lemma ville_from (X : history -> R) c : 0 < c -> (forall h, 0 <= X h) ->
  (forall h, mean (process h) (fun z => X (z :: h)) outcomes <= X h) ->
  forall n past, possible past ->
  probability n past (ever (fun h => at_most c (X h))) <=
    if ever (fun h => at_most c (X h)) past then 1 else X past / c.
Proof.
  intros Hc H0 HX. assert (Hi : 0 < / c) by now apply Rinv_0_lt_compat.
  induction n as [|n IH]; intros past Hp; destruct (ever _ past) eqn:E;
    try (now apply probability_le_one).
  - unfold probability. simpl. rewrite E. simpl. apply Rmult_le_pos; [apply H0|lra].
  - apply Rle_trans with (mean (process past) (fun z => / c * X (z :: past)) outcomes).
    + apply mean_le; [apply Hprocess|]. intros z Hz.
      eapply Rle_trans; [apply (IH (z :: past)); now constructor|].
      destruct (ever _ (z :: past)) eqn:E'; [|unfold Rdiv; lra].
      apply (ever_here (fun h => at_most c (X h)) z past E) in E'. apply at_most_true in E'.
      apply Rmult_le_reg_l with c; [assumption|]. rewrite <- Rmult_assoc, Rinv_r by lra. lra.
    + rewrite mean_scale. unfold Rdiv. rewrite Rmult_comm. apply Rmult_le_compat_r; [lra|apply HX].
Qed.

Theorem ville (X : history -> R) delta : 0 < delta -> (forall h, 0 <= X h) ->
  (forall h, mean (process h) (fun z => X (z :: h)) outcomes <= X h) -> X [] <= 1 ->
  forall n, probability n [] (ever (fun h => at_most (/ delta) (X h))) <= delta.
Proof.
  intros Hd H0 HX H1 n. assert (Hi : 0 < / delta) by now apply Rinv_0_lt_compat.
  eapply Rle_trans; [apply (ville_from X (/ delta) Hi H0 HX n []); constructor|].
  simpl. rewrite orb_false_r. destruct (at_most (/ delta) (X [])) eqn:E.
  - apply at_most_true in E. apply Rmult_le_reg_l with (/ delta); [assumption|]. rewrite Rinv_l by lra. lra.
  - unfold Rdiv. rewrite Rinv_inv. specialize (H0 []). nra.
Qed.

(** The same of a ratio [Y / L] of weights, where [L] is the probability of the history: no history is left
    out, those of probability 0 included, and nothing is divided by 0. *)
Lemma ville_of_weights (L Y : history -> R) c : 0 < c -> (forall h, 0 <= L h) -> (forall h, 0 <= Y h) ->
  (forall h z, L (z :: h) = L h * process h z) ->
  (forall h, rsum (fun z => Y (z :: h)) outcomes <= Y h) ->
  forall n past, possible past ->
  L past * probability n past (ever (fun h => at_most (c * L h) (Y h))) <=
    if ever (fun h => at_most (c * L h) (Y h)) past then L past else Y past / c.
Proof.
  intros Hc HL0 H0 HL HY. assert (Hi : 0 < / c) by now apply Rinv_0_lt_compat.
  induction n as [|n IH]; intros past Hp; destruct (ever _ past) eqn:E;
    try (rewrite <- (Rmult_1_r (L past)) at 2; apply Rmult_le_compat_l; [apply HL0|now apply probability_le_one]).
  - unfold probability. simpl. rewrite E. simpl. rewrite Rmult_0_r. apply Rmult_le_pos; [apply H0|lra].
  - set (Ev := ever (fun h => at_most (c * L h) (Y h))) in *.
    replace (L past * probability (S n) past Ev) with
      (rsum (fun z => L (z :: past) * probability n (z :: past) Ev) outcomes).
    2:{ change (probability (S n) past Ev) with
          (rsum (fun z => process past z * probability n (z :: past) Ev) outcomes).
        rewrite <- rsum_scale. apply rsum_ext. intros z _. rewrite HL. ring. }
    apply Rle_trans with (rsum (fun z => / c * Y (z :: past)) outcomes).
    + apply rsum_le. intros z Hz. eapply Rle_trans; [apply (IH (z :: past)); now constructor|].
      destruct (Ev (z :: past)) eqn:E'; [|unfold Rdiv; lra].
      apply (ever_here (fun h => at_most (c * L h) (Y h)) z past E) in E'. apply at_most_true in E'.
      apply Rmult_le_reg_l with c; [assumption|]. rewrite <- Rmult_assoc, Rinv_r by lra. lra.
    + rewrite rsum_scale. unfold Rdiv. rewrite Rmult_comm. apply Rmult_le_compat_r; [lra|apply HY].
Qed.

(** An event that implies one of finitely many. *)
Lemma union_bound {M} (ms : list M) (E : history -> bool) (F : M -> history -> bool) n :
  (forall h, possible h -> E h = true -> exists m, In m ms /\ F m h = true) ->
  probability n [] E <= rsum (fun m => probability n [] (F m)) ms.
Proof.
  intros H. unfold probability. rewrite <- expect_sum. apply expect_le; [constructor|]. intros h Hh.
  assert (Hn : forall m, In m ms -> 0 <= indicator (F m h)) by (intros; apply indicator_range).
  destruct (E h) eqn:Eh; [|now apply rsum_nonneg]. destruct (H h Hh Eh) as (m & Hm & Hf). simpl.
  clear H. induction ms as [|m' ms IH]; simpl in *; [tauto|].
  assert (0 <= rsum (fun m => indicator (F m h)) ms) by (apply rsum_nonneg; intros; apply Hn; auto).
  destruct Hm as [->|Hm]; [rewrite Hf; simpl; lra|].
  assert (1 <= rsum (fun m => indicator (F m h)) ms) by (apply IH; auto).
  pose proof (Hn m' (or_introl eq_refl)). lra.
Qed.

Lemma ever_iff E : forall h, ever E h = true <-> exists t, (exists s, h = s ++ t) /\ E t = true.
Proof.
  induction h as [|z h IH]; simpl; rewrite orb_true_iff.
  - split; [intros [H|H]; [|discriminate]; exists []; split; [now exists []|exact H]|].
    intros (t & (s & Es) & H). left. destruct s; [|discriminate]. simpl in Es. now subst t.
  - rewrite IH. split.
    + intros [H|(t & (s & ->) & H)].
      * exists (z :: h). split; [now exists []|exact H].
      * exists t. split; [now exists (z :: s)|exact H].
    + intros (t & ([|y s] & Es) & H); simpl in Es.
      * left. now subst t.
      * right. injection Es as _ ->. exists t. split; [now exists s|exact H].
Qed.
End Process.

(** ** Finite classes *)
Section Class.
Context {M Policy : Type} (models : list M) (truth : M) (law : M -> Policy -> Z -> R) (announce : history -> Policy).
Hypothesis Hlaw : forall m a, simplex (law m a) outcomes.
Hypothesis Htruth : In truth models.
Variable delta : R.
Hypothesis Hdelta : 0 < delta.

(** The truth, met by policies that are any function of the past. *)
Definition true_process (h : history) : Z -> R := law truth (announce h).

Fixpoint likelihood (m : M) (h : history) : R :=
  match h with [] => 1 | z :: t => likelihood m t * law m (announce t) z end.

(** [law m a z] may be negative where no outcome is: only outcomes count. *)
Hypothesis Hnonneg : forall m a z, 0 <= law m a z.

Lemma likelihood_nonneg m h : 0 <= likelihood m h.
Proof. induction h as [|z h IH]; simpl; [lra|]. now apply Rmult_le_pos. Qed.

Definition size : R := INR (length models).

Lemma size_pos : 0 < size / delta.
Proof.
  apply Rdiv_lt_0_compat; [|assumption]. apply lt_0_INR. destruct models; [now destruct Htruth|simpl; lia].
Qed.

(** One model, one bound [delta / size]. *)
Lemma weights_rarely_win (Y : history -> R) : (forall h, 0 <= Y h) -> Y [] = 1 ->
  (forall h, rsum (fun z => Y (z :: h)) outcomes <= Y h) -> forall n,
  probability true_process n [] (ever (fun h => at_most (size / delta * likelihood truth h) (Y h))) <= / (size / delta).
Proof.
  intros H0 H1 HY n. pose proof size_pos as Hc.
  pose proof (ville_of_weights true_process (fun h => Hlaw truth (announce h)) (likelihood truth) Y (size / delta) Hc
    (likelihood_nonneg truth) H0 (fun h z => eq_refl) HY n [] (Forall_nil _)) as V.
  cbn [likelihood] in V. rewrite Rmult_1_l in V. eapply Rle_trans; [exact V|].
  simpl. rewrite orb_false_r, H1. replace (1 / (size / delta)) with (/ (size / delta)) by (symmetry; apply Rmult_1_l).
  destruct (at_most _ 1) eqn:E; [|lra].
  apply at_most_true in E. rewrite Rmult_1_r in E. rewrite <- Rinv_1. now apply Rinv_le_contravar.
Qed.

Lemma total_risk : rsum (fun _ => / (size / delta)) models = delta.
Proof.
  rewrite (rsum_ext _ (fun _ => / (size / delta) * 1)) by (intros; ring). rewrite rsum_scale, rsum_one.
  fold size. pose proof size_pos. unfold Rdiv. rewrite Rinv_mult, Rinv_inv.
  assert (size <> 0). { intros E. rewrite E in H. unfold Rdiv in H. rewrite Rmult_0_l in H. lra. }
  field. assumption.
Qed.

(** The set: no model is more than [size / delta] times as likely. *)
Definition in_set (m : M) (h : history) : bool :=
  forallb (fun m' => at_most (likelihood m' h) (size / delta * likelihood m h)) models.

Theorem in_set_by_logarithms m h : (forall m', In m' models -> 0 < likelihood m' h) -> In m models ->
  (in_set m h = true <-> forall m', In m' models -> - ln (likelihood m h) <= - ln (likelihood m' h) + ln (size / delta)).
Proof.
  intros Hpos Hm. pose proof size_pos as Hc. unfold in_set. rewrite forallb_forall.
  assert (Eq : forall m', In m' models -> (at_most (likelihood m' h) (size / delta * likelihood m h) = true <->
    - ln (likelihood m h) <= - ln (likelihood m' h) + ln (size / delta))).
  { intros m' Hm'. rewrite at_most_true. pose proof (Hpos m Hm) as P. pose proof (Hpos m' Hm') as P'. split; intros H.
    - apply ln_mono in H; [|assumption]. rewrite ln_mult in H by assumption. lra.
    - apply Rnot_lt_le. intros L. apply ln_increasing in L; [|now apply Rmult_lt_0_compat].
      rewrite ln_mult in L by assumption. lra. }
  split; intros H m' Hm'; apply Eq; auto.
Qed.

(** C14: at all times at once the truth is in the set, but with probability [delta]. *)
Theorem set_holds_the_truth n :
  probability true_process n [] (ever (fun h => negb (in_set truth h))) <= delta.
Proof.
  pose proof size_pos as Hc. eapply Rle_trans.
  - apply (union_bound true_process (fun h => Hlaw truth (announce h)) models _
      (fun m => ever (fun h => at_most (size / delta * likelihood truth h) (likelihood m h)))).
    intros h _ H. apply ever_iff in H. destruct H as (t & Ht & H). unfold in_set in H.
    apply negb_true_iff, not_true_iff_false in H. rewrite forallb_forall in H.
    destruct (existsb (fun m => at_most (size / delta * likelihood truth t) (likelihood m t)) models) eqn:E.
    + apply existsb_exists in E. destruct E as (m & Hm & E). exists m. split; [exact Hm|].
      apply ever_iff. now exists t.
    + exfalso. apply H. intros m Hm. apply at_most_true. apply Rlt_le, at_most_false.
      apply not_true_iff_false. intros E'. apply not_true_iff_false in E. apply E, existsb_exists. now exists m.
  - eapply Rle_trans; [|right; exact total_risk]. apply rsum_le. intros m Hm. apply weights_rarely_win; [apply likelihood_nonneg|reflexivity|].
    intros h. simpl. rewrite rsum_scale. destruct (Hlaw m (announce h)) as [_ S]. rewrite S. lra.
Qed.

(** Histories that the truth excludes have probability 0. *)
Theorem truth_is_possible n :
  probability true_process n [] (ever (fun h => at_most (likelihood truth h) 0)) <= 0.
Proof.
  pose proof (ville_of_weights true_process (fun h => Hlaw truth (announce h)) (likelihood truth) (fun _ => 0) 1
    ltac:(lra) (likelihood_nonneg truth) (fun _ => Rle_refl 0) (fun h z => eq_refl)
    (fun h => Req_le _ _ (rsum_zero outcomes)) n [] (Forall_nil _)) as V.
  cbn [likelihood] in V. rewrite Rmult_1_l in V.
  assert (E : forall h, ever (fun h => at_most (1 * likelihood truth h) 0) h = ever (fun h => at_most (likelihood truth h) 0) h).
  { induction h as [|z h IH]; simpl; [now rewrite Rmult_1_l|]. now rewrite Rmult_1_l, IH. }
  eapply Rle_trans; [apply expect_le with (g := fun h => indicator (ever (fun h => at_most (1 * likelihood truth h) 0) h))|].
  - intros; apply Hlaw.
  - constructor.
  - intros h _. rewrite E. lra.
  - eapply Rle_trans; [exact V|]. simpl. rewrite orb_false_r.
    replace (at_most (1 * 1) 0) with false by (symmetry; apply at_most_false; lra). lra.
Qed.

(** ** Hellinger distances along what was announced *)
Fixpoint distance (m : M) (h : history) : R :=
  match h with
  | [] => 0
  | _ :: t => distance m t + hellinger outcomes (law m (announce t)) (law truth (announce t))
  end.

Definition affinity (m : M) (a : Policy) : R := rsum (fun z => sqrt (law m a z * law truth a z)) outcomes.

Fixpoint roots (m : M) (h : history) : R :=
  match h with
  | [] => 1
  | z :: t => roots m t * (sqrt (law m (announce t) z * law truth (announce t) z) * / affinity m (announce t))
  end.

Lemma affinity_nonneg m a : 0 <= affinity m a.
Proof. apply rsum_nonneg. intros; apply sqrt_pos. Qed.

Lemma inverse_nonneg x : 0 <= x -> 0 <= / x.
Proof. intros [H|<-]; [now apply Rlt_le, Rinv_0_lt_compat|rewrite Rinv_0; lra]. Qed.

Lemma roots_nonneg m h : 0 <= roots m h.
Proof.
  induction h as [|z h IH]; simpl; [lra|]. apply Rmult_le_pos; [exact IH|].
  apply Rmult_le_pos; [apply sqrt_pos|apply inverse_nonneg, affinity_nonneg].
Qed.

Lemma roots_fair m h : rsum (fun z => roots m (z :: h)) outcomes <= roots m h.
Proof.
  simpl. rewrite rsum_scale, rsum_scale_r. fold (affinity m (announce h)).
  pose proof (roots_nonneg m h) as R0. destruct (affinity_nonneg m (announce h)) as [P|<-].
  - rewrite Rinv_r by lra. lra.
  - rewrite Rmult_0_l, Rmult_0_r. exact R0.
Qed.

Lemma rsum_positive (f : Z -> R) z : In z outcomes -> (forall x, 0 <= f x) -> 0 < f z -> 0 < rsum f outcomes.
Proof.
  intros Hz H0 Hp. clear Hlaw. induction outcomes as [|y t IH]; simpl in *; [tauto|].
  assert (0 <= rsum f t) by (apply rsum_nonneg; auto).
  destruct Hz as [->|Hz]; [lra|]. specialize (IH Hz). specialize (H0 y). lra.
Qed.

(** Where both likelihoods are positive, [ln roots >= (ln likelihood m + ln likelihood truth) / 2 + distance]. *)
Lemma roots_large m h : possible h -> 0 < likelihood m h -> 0 < likelihood truth h ->
  0 < roots m h /\ (ln (likelihood m h) + ln (likelihood truth h)) / 2 + distance m h <= ln (roots m h).
Proof.
  induction h as [|z h IH]; simpl; intros Hp Hm Ht; [split; [lra|rewrite ln_1; lra]|].
  inversion_clear Hp as [|? ? Hz Hh].
  pose proof (likelihood_nonneg m h) as M0. pose proof (likelihood_nonneg truth h) as T0.
  pose proof (Hnonneg m (announce h) z) as Mz. pose proof (Hnonneg truth (announce h) z) as Tz.
  assert (Pm : 0 < likelihood m h) by (destruct M0 as [|E]; [assumption|rewrite <- E in Hm; lra]).
  assert (Pt : 0 < likelihood truth h) by (destruct T0 as [|E]; [assumption|rewrite <- E in Ht; lra]).
  assert (Qm : 0 < law m (announce h) z) by (destruct Mz as [|E]; [assumption|rewrite <- E in Hm; lra]).
  assert (Qt : 0 < law truth (announce h) z) by (destruct Tz as [|E]; [assumption|rewrite <- E in Ht; lra]).
  destruct (IH Hh Pm Pt) as [R0 RL].
  set (a := announce h) in *. set (q := law m a z * law truth a z).
  assert (Hq : 0 < q) by now apply Rmult_lt_0_compat.
  assert (Hs : 0 < sqrt q) by now apply sqrt_lt_R0.
  assert (HA : 0 < affinity m a).
  { apply (rsum_positive _ z Hz); [intros; apply sqrt_pos|exact Hs]. }
  assert (Hi : 0 < / affinity m a) by now apply Rinv_0_lt_compat.
  assert (Hsi : 0 < sqrt q * / affinity m a) by now apply Rmult_lt_0_compat.
  split; [now apply Rmult_lt_0_compat|].
  rewrite (ln_mult (likelihood m h)), (ln_mult (likelihood truth h)), (ln_mult (roots m h)), (ln_mult (sqrt q)), ln_Rinv
    by assumption.
  assert (Es : ln (sqrt q) = (ln (law m a z) + ln (law truth a z)) / 2).
  { rewrite <- (ln_mult (law m a z) (law truth a z)) by assumption. fold q.
    rewrite <- (sqrt_sqrt q) at 2 by lra. rewrite ln_mult by assumption. field. }
  assert (El : hellinger outcomes (law m a) (law truth a) <= - ln (affinity m a)).
  { unfold hellinger. fold (affinity m a). pose proof (ln_le_minus_1 (affinity m a) HA). lra. }
  rewrite Es. lra.
Qed.

(** Farther than half the log-likelihood ratio and [ln (size / delta)]. *)
Definition too_far (m : M) (h : history) : bool :=
  negb (at_most (likelihood m h) 0) && negb (at_most (likelihood truth h) 0) &&
  negb (at_most (distance m h) ((ln (likelihood truth h) - ln (likelihood m h)) / 2 + ln (size / delta))).

Theorem distances_sum_up n :
  probability true_process n [] (ever (fun h => existsb (fun m => too_far m h) models)) <= delta.
Proof.
  pose proof size_pos as Hc. eapply Rle_trans.
  - apply (union_bound true_process (fun h => Hlaw truth (announce h)) models _
      (fun m => ever (fun h => at_most (size / delta * likelihood truth h) (roots m h)))).
    intros h Hh H. apply ever_iff in H. destruct H as (t & (s & Es) & H).
    apply existsb_exists in H. destruct H as (m & Hm & H). exists m. split; [exact Hm|].
    apply ever_iff. exists t. split; [now exists s|]. apply at_most_true.
    unfold too_far in H. rewrite !andb_true_iff, !negb_true_iff, !at_most_false in H. destruct H as [[Lm Lt] Hd].
    assert (Ht : possible t) by (subst h; now apply Forall_app in Hh).
    destruct (roots_large m t Ht Lm Lt) as [R0 RL].
    apply Rnot_lt_le. intros L. apply ln_increasing in L; [|exact R0].
    rewrite ln_mult in L by assumption. lra.
  - eapply Rle_trans; [|right; exact total_risk]. apply rsum_le. intros m Hm.
    apply weights_rarely_win; [apply roots_nonneg|reflexivity|apply roots_fair].
Qed.
End Class.
End Tree.

(** ** Quantal responses: a state drawn by a law that all models share, then the follower's action *)
Section Responses.
Context {S B M Policy : Type} (states : list S) (actions : list B) (models : list M) (truth : M).
Variables (eta : R) (first : Policy -> S -> R) (values : M -> Policy -> S -> B -> R) (announce : list (S * B) -> Policy).
Hypotheses (Hactions : actions <> []) (Hfirst : forall a, simplex (first a) states).
Hypotheses (Hfirst0 : forall a s, 0 <= first a s) (Htruth : In truth models).

Definition response_law (m : M) (a : Policy) (z : S * B) : R :=
  first a (fst z) * quantal actions eta (values m a (fst z)) (snd z).

Lemma rsum_pairs (f : S * B -> R) l l' : rsum f (list_prod l l') = rsum (fun s => rsum (fun b => f (s, b)) l') l.
Proof.
  induction l as [|s l IH]; simpl; [reflexivity|]. now rewrite rsum_app, IH, rsum_map.
Qed.

Lemma response_law_simplex m a : simplex (response_law m a) (list_prod states actions).
Proof.
  split.
  - intros z _. apply Rmult_le_pos; [apply Hfirst0|apply Rlt_le; now apply quantal_pos].
  - rewrite rsum_pairs. unfold response_law. destruct (Hfirst a) as [_ <-]. apply rsum_ext. intros s _.
    cbn [fst snd]. rewrite rsum_scale. destruct (quantal_simplex actions Hactions eta (values m a s)) as [_ ->]. ring.
Qed.

Lemma response_law_nonneg m a z : 0 <= response_law m a z.
Proof. apply Rmult_le_pos; [apply Hfirst0|apply Rlt_le; now apply quantal_pos]. Qed.

(** C14 of responses: [values] are the follower's, in the model, under the policy that was announced. *)
Corollary response_sets delta n : 0 < delta ->
  let outcomes := list_prod states actions in
  let process := true_process truth response_law announce in
  probability outcomes process n [] (ever (fun h => negb (in_set models response_law announce delta truth h))) <= delta /\
  probability outcomes process n []
    (ever (fun h => existsb (fun m => too_far outcomes models truth response_law announce delta m h) models)) <= delta.
Proof.
  intros Hd outcomes process. split.
  - apply set_holds_the_truth; auto using response_law_simplex, response_law_nonneg.
  - apply distances_sum_up; auto using response_law_simplex, response_law_nonneg.
Qed.
End Responses.

(** ** Bets on a probability that is said to be at most [level] (proofs/sequential-tests.md) *)
Section Bets.
Variables (process : list bool -> bool -> R) (level : R) (stakes : list R) (weight : R -> R).
Let outcomes := [true; false].
Hypothesis Hprocess : forall h, simplex (process h) outcomes.
Hypothesis Hlevel : 0 < level.
Hypothesis Hbelow : forall h, process h true <= level.
Hypothesis Hstakes : forall s, In s stakes -> 0 <= s <= / level.
Hypothesis Hweight : simplex weight stakes.

Definition outcome (z : bool) : R := if z then 1 else 0.

Fixpoint bet (s : R) (h : list bool) : R :=
  match h with [] => 1 | z :: t => bet s t * (1 + s * (outcome z - level)) end.

Definition capital (h : list bool) : R := mean weight (fun s => bet s h) stakes.

Lemma factor_nonneg s z : In s stakes -> 0 <= 1 + s * (outcome z - level).
Proof.
  intros Hs. destruct (Hstakes s Hs) as [S0 S1].
  assert (s * level <= 1) by (apply Rmult_le_compat_r with (r := level) in S1; [rewrite Rinv_l in S1|]; lra).
  assert (0 <= s * outcome z) by (apply Rmult_le_pos; [assumption|destruct z; simpl; lra]). lra.
Qed.

Lemma bet_nonneg s h : In s stakes -> 0 <= bet s h.
Proof.
  intros Hs. induction h as [|z h IH]; simpl; [lra|]. apply Rmult_le_pos; [exact IH|now apply factor_nonneg].
Qed.

Lemma bet_unfavourable s h : In s stakes -> mean (process h) (fun z => bet s (z :: h)) outcomes <= bet s h.
Proof.
  intros Hs. pose proof (bet_nonneg s h Hs) as B0. destruct (Hstakes s Hs) as [S0 _].
  destruct (Hprocess h) as [_ S]. specialize (Hbelow h). unfold mean, outcomes in *. simpl in *.
  replace (process h true * (bet s h * (1 + s * (1 - level))) + (process h false * (bet s h * (1 + s * (0 - level))) + 0))
    with (bet s h * ((process h true + (process h false + 0)) * (1 - s * level) + s * process h true)) by ring.
  rewrite S. rewrite <- (Rmult_1_r (bet s h)) at 2. apply Rmult_le_compat_l; [exact B0|].
  assert (s * process h true <= s * level) by (now apply Rmult_le_compat_l). lra.
Qed.

(** Whatever the past does to the next outcome, and however often one looks. *)
Corollary bets_rarely_win error n : 0 < error ->
  probability outcomes process n [] (ever (fun h => at_most (/ error) (capital h))) <= error.
Proof.
  intros He. apply ville; try assumption.
  - intros h. apply rsum_nonneg. intros s Hs. apply Rmult_le_pos; [now apply Hweight|now apply bet_nonneg].
  - intros h. unfold capital.
    replace (mean (process h) (fun z => mean weight (fun s => bet s (z :: h)) stakes) outcomes) with
      (mean weight (fun s => mean (process h) (fun z => bet s (z :: h)) outcomes) stakes).
    + apply mean_le; [apply Hweight|]. intros s Hs. now apply bet_unfavourable.
    + unfold mean. rewrite (rsum_ext _ (fun s => rsum (fun z => process h z * (weight s * bet s (z :: h))) outcomes)).
      2:{ intros s _. rewrite <- rsum_scale. apply rsum_ext. intros; ring. }
      rewrite rsum_swap. apply rsum_ext. intros z _. now rewrite rsum_scale.
  - unfold capital. simpl. rewrite mean_const by apply Hweight. lra.
Qed.
End Bets.
